import { share } from './matrix.ts';

share(3, 5);
