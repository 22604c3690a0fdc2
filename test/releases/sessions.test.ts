import { sessionTests } from '../support/stories/sessions.ts';

describe('sessions, Debian 13', () => sessionTests('trixie'));
