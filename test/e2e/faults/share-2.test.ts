import { share } from './matrix.ts';

share(2, 5);
