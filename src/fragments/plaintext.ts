import type { Fragment } from './fragment.ts';

const AUTH_CONF = '/etc/dovecot/conf.d/10-auth.conf';

/** No password travels in clear: logins are offered inside TLS only. */
export const plaintext: readonly Fragment[] = [
  {
    id: 'main.cf:smtpd_tls_auth_only',
    task: 'plaintext',
    setting: 'smtpd_tls_auth_only',
    place: { in: 'main.cf' },
    merge: { how: 'set', value: 'yes' },
    profile: 'standard',
    why: 'The same for every other SMTP service of the host, such as a port 587 that somebody opens later.',
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
    why: 'IMAP and POP3 take a password only inside TLS (or from the host itself).',
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
    why: 'The name that disable_plaintext_auth has, the other way round, from Dovecot 2.4 on.',
    source: 'Dovecot 2.4 documentation, auth_allow_cleartext',
    recipe: ['disable_plaintext_auth = yes'],
  },
];
