import { strictProfile } from '../support/stories/strict.ts';

strictProfile('bookworm');
