import { sessionTests } from './session-tests.ts';

describe('sessions, Debian 12', () => sessionTests('bookworm'));
