import type { Condition, Fragment, Merge } from './fragment.ts';

const SSL = { in: 'dovecot', block: [], home: '/etc/dovecot/conf.d/10-ssl.conf' } as const;
const AUTH = { in: 'dovecot', block: [], home: '/etc/dovecot/conf.d/10-auth.conf' } as const;

/** The TLS 1.2 suites of Mozilla's intermediate list that are not DHE. Those of TLS 1.3 are set elsewhere, and all strong. */
const SUITES = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

function tls(setting: string, merge: Merge, why: string, source: string, when?: Condition): Fragment {
  return {
    id: `strict:dovecot:${setting}`,
    task: 'dovecot-ssl',
    setting,
    place: SSL,
    merge,
    ...(when && { when }),
    profile: 'strict',
    why,
    source,
    recipe: [],
  };
}

const PREFERENCE =
  "The server's order of suites counts. All that are left are good; what hardware is best at stands first.";

/** What OpenSSL before 3 is told by a file of its own, for Dovecot has no setting for it; and the range of those that run with one. */
export const OPENSSL_CONF = '/etc/dovecot/openssl.cnf';
const RENEGOTIATES = '>=2.3 <2.3.16';

/** Ports of POP3 that are closed where the admin asks for it: 0 is no port. */
const noPop3 = (['pop3', 'pop3s'] as const).map((name): Fragment => ({
  id: `strict:dovecot:${name}:port`,
  task: 'dovecot-ssl',
  setting: 'port',
  place: {
    in: 'dovecot',
    block: ['service pop3-login', `inet_listener ${name}`],
    home: '/etc/dovecot/conf.d/10-master.conf',
  },
  merge: { how: 'set', value: '0' },
  when: { asked: 'no-pop3' },
  profile: 'strict',
  why: 'What nobody uses is no port to guess passwords on. Done only where it is asked for: nothing here can tell who still fetches mail by POP3.',
  source: 'Dovecot documentation, inet_listener port',
  recipe: [],
}));

/** IMAP and POP3 with the same floor as 465 and 587. */
export const strictDovecot: readonly Fragment[] = [
  tls(
    'ssl_cipher_list',
    { how: 'at-least', value: SUITES, scale: { by: 'ciphers' } },
    'Forward secrecy (ECDHE) with AEAD and nothing else for TLS 1.2.',
    'RFC 9325, 4.2; Mozilla Server Side TLS, intermediate; Dovecot documentation, ssl_cipher_list',
  ),
  tls(
    'ssl_prefer_server_ciphers',
    { how: 'set', value: 'yes' },
    PREFERENCE,
    'internet.nl, mail test, cipher order; Dovecot 2.3 documentation, ssl_prefer_server_ciphers',
    { dovecot: '<2.4' },
  ),
  tls(
    'ssl_server_prefer_ciphers',
    { how: 'set', value: 'server' },
    `${PREFERENCE} The name of ssl_prefer_server_ciphers from 2.4 on.`,
    'internet.nl, mail test, cipher order; Dovecot 2.4 documentation, ssl_server_prefer_ciphers',
    { dovecot: '>=2.4' },
  ),
  tls(
    'import_environment',
    {
      how: 'member',
      // The default of those versions, and ours: what is set takes the place of the default.
      members: [
        ...['TZ', 'CORE_OUTOFMEM', 'CORE_ERROR', 'LISTEN_PID', 'LISTEN_FDS', 'NOTIFY_SOCKET'],
        `OPENSSL_CONF=${OPENSSL_CONF}`,
      ],

      unset: 'write',
    },
    'No renegotiation, by which a client makes the server work. OpenSSL 3 refuses it by itself; these versions run with OpenSSL 1.1, and no setting of Dovecot’s tells it, but this file does. Takes a restart of Dovecot.',
    'RFC 9325, 3.5; CVE-2011-1473; OpenSSL SSL_CONF_cmd(3), NoRenegotiation; Dovecot 2.3 documentation, import_environment',
    { dovecot: RENEGOTIATES },
  ),
  {
    id: 'strict:dovecot:auth_failure_delay',
    task: 'sasl',
    setting: 'auth_failure_delay',
    place: AUTH,
    merge: { how: 'at-least', value: '5 secs', scale: { by: 'delay' } },
    profile: 'strict',
    why: 'A refused login, by IMAP, POP3 or SMTP, is answered after so long: it slows down whoever guesses. The default is 2 secs.',
    source: 'Dovecot documentation, auth_failure_delay',
    recipe: [],
  },
  {
    id: 'strict:dovecot:auth_mechanisms',
    task: 'plaintext',
    setting: 'auth_mechanisms',
    place: AUTH,
    merge: { how: 'without', members: ['cram-md5', 'digest-md5', 'apop', 'ntlm', 'rpa', 'skey', 'otp'] },
    profile: 'strict',
    why: 'Mechanisms that hide the password where there is no TLS. Inside TLS they protect nothing, and for them it must be stored so that whoever gets hold of it can log in.',
    source: 'RFC 6331; Dovecot documentation, "Authentication mechanisms"',
    recipe: [],
  },
  ...noPop3,
];
