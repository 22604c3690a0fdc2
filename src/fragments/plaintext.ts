import { PATHS } from '../model/index.ts';
import type { Fragment } from './fragment.ts';

const { AUTH_CONF } = PATHS;

/** No password crosses the network in clear: logins are offered inside TLS only. */
export const plaintext: readonly Fragment[] = [
  {
    id: 'main.cf:smtpd_tls_auth_only',
    task: 'plaintext',
    setting: 'smtpd_tls_auth_only',
    place: { in: 'main.cf' },
    merge: { how: 'set', value: 'yes' },
    profile: 'standard',
    why: 'Every other SMTP service of the host also offers AUTH inside TLS only, for example a port 587 that is opened later.',
    source: 'Postfix postconf(5), smtpd_tls_auth_only',
    recipe: ['-o smtpd_tls_auth_only=yes'],
  },
  {
    id: 'dovecot:disable_plaintext_auth',
    task: 'plaintext',
    setting: 'disable_plaintext_auth',
    place: { in: 'dovecot', block: [], home: AUTH_CONF },
    merge: { how: 'set', value: 'yes' },
    when: { dovecot: '<2.4' },
    profile: 'standard',
    why: 'IMAP and POP3 accept a password only inside TLS (or from the host itself).',
    source: 'Dovecot 2.3 documentation, disable_plaintext_auth',
    recipe: ['disable_plaintext_auth = yes'],
  },
  {
    id: 'dovecot:auth_allow_cleartext',
    task: 'plaintext',
    setting: 'auth_allow_cleartext',
    place: { in: 'dovecot', block: [], home: AUTH_CONF },
    merge: { how: 'set', value: 'no' },
    when: { dovecot: '>=2.4' },
    profile: 'standard',
    why: 'The name of disable_plaintext_auth from Dovecot 2.4 on, with the opposite meaning.',
    source: 'Dovecot 2.4 documentation, auth_allow_cleartext',
    recipe: ['disable_plaintext_auth = yes'],
  },
];
