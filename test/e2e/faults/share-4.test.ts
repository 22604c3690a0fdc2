import { share } from './matrix.ts';

share(4, 5);
