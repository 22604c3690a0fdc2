import { sessionTests } from '../support/stories/sessions.ts';

describe('sessions, Debian 12', () => sessionTests('bookworm'));
