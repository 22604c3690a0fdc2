import { PATHS } from '../model/index.ts';
import type { Condition, Fragment, Merge } from './fragment.ts';

const SSL = { in: 'dovecot', block: [], home: PATHS.SSL_CONF } as const;
const AUTH = { in: 'dovecot', block: [], home: PATHS.AUTH_CONF } as const;

/** The TLS 1.2 suites of Mozilla's intermediate list without DHE. TLS 1.3 suites have a setting of their own and are all strong. */
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
  "The server's order of suites decides. All that remain are good; the first are those that hardware accelerates best.";

/** Dovecot has no setting for OpenSSL's options, so OpenSSL before 3 reads them from this file. */
export const OPENSSL_CONF = PATHS.DOVECOT_OPENSSL;
/** The versions of Dovecot that run with OpenSSL before 3. */
const RENEGOTIATES = '>=2.3 <2.3.16';

/** The POP3 ports, closed if the administrator asks for it: port 0 disables a listener. */
const noPop3 = (['pop3', 'pop3s'] as const).map((name): Fragment => ({
  id: `strict:dovecot:${name}:port`,
  task: 'dovecot-ssl',
  setting: 'port',
  place: {
    in: 'dovecot',
    block: ['service pop3-login', `inet_listener ${name}`],
    home: PATHS.MASTER_CONF,
  },
  merge: { how: 'set', value: '0' },
  when: { asked: 'no-pop3' },
  profile: 'strict',
  why: 'An unused port only gives attackers one more place to guess passwords. Set only on request, because the tool cannot know whether users still fetch mail by POP3.',
  source: 'Dovecot documentation, inet_listener port',
  recipe: [],
}));

/** IMAP and POP3 with the same minimum as ports 465 and 587. */
export const strictDovecot: readonly Fragment[] = [
  {
    ...tls(
      'ssl_cipher_list',
      { how: 'at-least', value: SUITES, scale: { by: 'ciphers' } },
      'TLS 1.2 with forward secrecy (ECDHE) and AEAD only.',
      'RFC 9325, 4.2; Mozilla Server Side TLS, intermediate; Dovecot documentation, ssl_cipher_list',
    ),
    clients: 'IMAP and POP3 need TLS 1.3, or 1.2 with ECDHE and AEAD',
  },
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
      // The default of those versions and one more: a value that is set replaces the default.
      members: [
        ...['TZ', 'CORE_OUTOFMEM', 'CORE_ERROR', 'LISTEN_PID', 'LISTEN_FDS', 'NOTIFY_SOCKET'],
        `OPENSSL_CONF=${OPENSSL_CONF}`,
      ],

      unset: 'write',
    },
    'Disables renegotiation, with which a client can overload the server. OpenSSL 3 refuses it by default. These versions of Dovecot run with OpenSSL 1.1 and have no setting for it, so OpenSSL reads this file. The change needs a restart of Dovecot.',
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
    why: 'The delay before Dovecot answers a failed login, by IMAP, POP3 or SMTP. It slows down password guessing. The default is 2 secs.',
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
    why: 'Removes mechanisms that hide the password when there is no TLS. Inside TLS they protect nothing, and they need passwords stored in a form that is enough to log in if it leaks.',
    source: 'RFC 6331; Dovecot documentation, "Authentication mechanisms"',
    recipe: [],
  },
  ...noPop3,
];
