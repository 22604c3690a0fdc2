import { reviveTests } from '../support/stories/revive.ts';

describe('a reload of Dovecot that an smtpd meets, on Debian 12', () => reviveTests('bookworm'));
