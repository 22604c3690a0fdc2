import type { Fragment } from './fragment.ts';
import { strictMain, type Rest } from './strict-main.ts';

const main = strictMain('starttls');

const PROTOCOLS = { by: 'protocols' } as const;
const GRADES = { by: 'ladder', rungs: ['null', 'export', 'low', 'medium', 'high'] } as const;

/** The minimum version in the syntax of each Postfix: before 3.6, Postfix accepts a range without an error and disables TLS. */
function floor(setting: string, rest: Omit<Rest, 'when'>): Fragment[] {
  return [
    main(setting, { how: 'at-least', value: '>=TLSv1.2', scale: PROTOCOLS }, { ...rest, when: { postfix: '>=3.6' } }),
    main(
      setting,
      { how: 'at-least', value: '!SSLv2, !SSLv3, !TLSv1, !TLSv1.1', scale: PROTOCOLS },
      { ...rest, when: { postfix: '<3.6' } },
      ':list',
    ),
  ];
}

/**
 * TLS of Postfix. As in Postfix there are two sets: the mandatory settings apply where TLS is required (465, 587), the others
 * on 25, where TLS is optional, so that a server without forward secrecy can still deliver its mail inside TLS.
 */
export const strictTls: readonly Fragment[] = [
  ...floor('smtpd_tls_protocols', {
    clients: 'on 25, TLS is 1.2 or later: servers without it deliver in clear',
    why: 'Refuses TLS 1.0 and 1.1 on 25 too. A server that knows nothing newer delivers its mail in clear; its encryption was hardly better than that.',
    source: 'RFC 8996; RFC 9325, 3.1.1; internet.nl, mail test, TLS version',
  }),
  ...floor('smtp_tls_mandatory_protocols', {
    why: 'The same for other servers, if the administrator requires TLS for them (encrypt, dane, …). Opportunistic TLS does not change: otherwise such mail would go out in clear.',
    source: 'RFC 8996; Postfix TLS_README, "Client-side cipher controls"',
  }),
  main(
    'smtpd_tls_ciphers',
    { how: 'at-least', value: 'high', scale: GRADES },
    {
      why: 'On 25: no ciphers with keys below 128 bits, and none that OpenSSL calls medium. AES with RSA key exchange stays, for servers that know nothing else.',
      source: 'Postfix postconf(5), smtpd_tls_ciphers; RFC 7435',
    },
  ),
  main(
    'smtpd_tls_mandatory_ciphers',
    { how: 'at-least', value: 'high', scale: GRADES },
    {
      why: 'The cipher grade from which the exclusions for 465 and 587 start.',
      source: 'Postfix postconf(5), smtpd_tls_mandatory_ciphers',
    },
  ),
  main(
    'smtpd_tls_exclude_ciphers',
    {
      how: 'member',
      members: ['aNULL', 'kDHE', 'AESCCM', 'ARIA', 'CAMELLIA', 'PSK', 'SRP'],

      unset: 'write',
    },
    {
      why: 'On every port: no suites without a certificate, no DHE key exchange (server and client cannot negotiate its group; every client with forward secrecy can use elliptic curves), and no ciphers that mail servers do not need.',
      source:
        'RFC 9325, 4.1 and 4.2; Mozilla Server Side TLS, intermediate; Postfix TLS_README, "Server-side cipher controls"',
    },
  ),
  main(
    'smtpd_tls_mandatory_exclude_ciphers',
    { how: 'member', members: ['kRSA', 'SHA1', 'SHA256', 'SHA384'], unset: 'write' },
    {
      clients: 'on 465 and 587, clients need TLS 1.3, or 1.2 with ECDHE and AEAD',
      why: 'Where TLS is required (465, 587), only forward secrecy (ECDHE) with AEAD remains: the six suites of Mozilla’s intermediate list without DHE. The last three names exclude suites by their MAC, which AEAD suites do not have.',
      source: 'RFC 9325, 4.2; Mozilla Server Side TLS, intermediate; RFC 8314, 4.1',
    },
  ),
  main(
    'tls_preempt_cipherlist',
    { how: 'set', value: 'yes' },
    {
      why: 'On 25, where weaker suites remain for old servers, the server chooses, so a client never gets a weaker suite than it could have.',
      source: 'Postfix postconf(5), tls_preempt_cipherlist; internet.nl, mail test, cipher order',
    },
  ),
  main(
    'tls_ssl_options',
    { how: 'member', members: ['NO_COMPRESSION', 'NO_RENEGOTIATION'], unset: 'write' },
    {
      when: { postfix: '>=3.4' },
      why: 'No renegotiation, with which a client can overload the server, and no compression, which leaks information about the encrypted data.',
      source: 'RFC 9325, 3.3 and 3.5; Postfix postconf(5), tls_ssl_options',
    },
  ),
  main(
    'smtpd_tls_received_header',
    { how: 'set', value: 'yes' },
    {
      why: 'The Received: line of each mail shows the TLS protocol and cipher that delivered it.',
      source: 'Postfix TLS_README, "Server-side TLS activity logging"; postconf(5), smtpd_tls_received_header',
    },
  ),
  main(
    'smtpd_tls_loglevel',
    { how: 'at-least', value: '1', scale: { by: 'ladder', rungs: ['0', '1', '2', '3', '4'] } },
    {
      why: 'Writes a log line for each TLS session, so the administrator sees which clients still use old protocols before they are refused.',
      source: 'Postfix TLS_README, "Server-side TLS activity logging"',
    },
  ),
  {
    id: 'strict:master.cf:25:smtpd_tls_security_level',
    task: 'starttls',
    setting: 'smtpd_tls_security_level',
    place: { in: 'master.cf', port: 25, outside: true },
    merge: { how: 'at-least', value: 'encrypt', scale: { by: 'ladder', rungs: ['none', 'may', 'encrypt'] } },
    when: { asked: 'require-tls-inbound' },
    profile: 'strict',
    why: 'Refuses mail from servers that use no TLS or have no forward secrecy. RFC 3207 forbids this for a server that a public MX record names, so it is set only on request.',
    source: 'Postfix postconf(5), smtpd_tls_security_level; RFC 3207, 4',
    recipe: [],
  },
];
