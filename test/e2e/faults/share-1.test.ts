import { share } from './matrix.ts';

share(1, 5);
