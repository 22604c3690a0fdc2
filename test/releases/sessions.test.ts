import { sessionTests } from '../e2e/session-tests.ts';

describe('sessions, Debian 13', () => sessionTests('trixie'));
