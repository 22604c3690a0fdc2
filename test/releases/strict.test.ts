import { strictProfile } from '../e2e/strict-tests.ts';

strictProfile('trixie');
strictProfile('bullseye');
