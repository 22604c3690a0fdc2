import { strictProfile } from '../support/stories/strict.ts';

strictProfile('trixie');
strictProfile('bullseye');
