import { strictProfile } from './strict-tests.ts';

strictProfile('bookworm');
