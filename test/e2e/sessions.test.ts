import { sessionTests } from '../support/stories/sessions.ts';

describe('user sessions on Debian 12', () => sessionTests('bookworm'));
