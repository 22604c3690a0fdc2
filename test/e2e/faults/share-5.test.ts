import { share } from './matrix.ts';

share(5, 5);
