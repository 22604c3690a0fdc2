import type { Fragment } from './fragment.ts';
import { strictMain, type Rest } from './strict-main.ts';

const main = strictMain('starttls');

const PROTOCOLS = { by: 'protocols' } as const;
const GRADES = { by: 'ladder', rungs: ['null', 'export', 'low', 'medium', 'high'] } as const;

/** The floor in the words of each Postfix: before 3.6 a range is taken without a complaint, and turns TLS off. */
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
 * TLS of Postfix. Postfix keeps two sets apart, and so does this: the mandatory ones hold where TLS is required (465, 587),
 * the others where it is not (25), so that a server without forward secrecy can still bring its mail inside TLS.
 */
export const strictTls: readonly Fragment[] = [
  ...floor('smtpd_tls_protocols', {
    why: 'TLS 1.0 and 1.1 are refused on 25 too. A server that knows nothing better brings its mail in clear, which is what its encryption was worth.',
    source: 'RFC 8996; RFC 9325, 3.1.1; internet.nl, mail test, TLS version',
  }),
  ...floor('smtp_tls_mandatory_protocols', {
    why: 'The same towards other servers where the admin requires TLS of them (encrypt, dane, …). Opportunistic TLS is not touched: without it such mail would go in clear.',
    source: 'RFC 8996; Postfix TLS_README, "Client-side cipher controls"',
  }),
  main(
    'smtpd_tls_ciphers',
    { how: 'at-least', value: 'high', scale: GRADES },
    {
      why: 'On 25: no ciphers with keys below 128 bits, and none that OpenSSL calls medium. AES with an RSA key exchange stays, for servers that know nothing else.',
      source: 'Postfix postconf(5), smtpd_tls_ciphers; RFC 7435',
    },
  ),
  main(
    'smtpd_tls_mandatory_ciphers',
    { how: 'at-least', value: 'high', scale: GRADES },
    {
      why: 'The grade that the exclusions for 465 and 587 start from.',
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
      why: 'On every port: no suite without a certificate, no key exchange by DHE (its groups cannot be agreed on; elliptic curves are there for all who want forward secrecy), and nothing that no mail server needs.',
      source:
        'RFC 9325, 4.1 and 4.2; Mozilla Server Side TLS, intermediate; Postfix TLS_README, "Server-side cipher controls"',
    },
  ),
  main(
    'smtpd_tls_mandatory_exclude_ciphers',
    { how: 'member', members: ['kRSA', 'SHA1', 'SHA256', 'SHA384'], unset: 'write' },
    {
      why: 'Where TLS is required (465, 587) what is left is forward secrecy (ECDHE) with AEAD: the six suites of Mozilla’s intermediate list that are not DHE. The last three names are those of checksums, which AEAD suites have none of.',
      source: 'RFC 9325, 4.2; Mozilla Server Side TLS, intermediate; RFC 8314, 4.1',
    },
  ),
  main(
    'tls_preempt_cipherlist',
    { how: 'set', value: 'yes' },
    {
      why: 'On 25, where weaker suites are left for those that know nothing else, the server chooses: nobody gets one who could have better.',
      source: 'Postfix postconf(5), tls_preempt_cipherlist; internet.nl, mail test, cipher order',
    },
  ),
  main(
    'tls_ssl_options',
    { how: 'member', members: ['NO_COMPRESSION', 'NO_RENEGOTIATION'], unset: 'write' },
    {
      when: { postfix: '>=3.4' },
      why: 'No renegotiation, by which a client makes the server work, and no compression, which tells of what is encrypted.',
      source: 'RFC 9325, 3.3 and 3.5; Postfix postconf(5), tls_ssl_options',
    },
  ),
  main(
    'smtpd_tls_received_header',
    { how: 'set', value: 'yes' },
    {
      why: 'The Received: line of each mail tells the protocol and the cipher that it came by.',
      source: 'Postfix TLS_README, "Server-side TLS activity logging"; postconf(5), smtpd_tls_received_header',
    },
  ),
  main(
    'smtpd_tls_loglevel',
    { how: 'at-least', value: '1', scale: { by: 'ladder', rungs: ['0', '1', '2', '3', '4'] } },
    {
      why: 'A line for each TLS session: so one sees who still comes with what, before it is refused.',
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
    why: 'Mail from servers that use no TLS is refused, and so is what has no forward secrecy. RFC 3207 forbids it for a server that is named by a public MX record, so it is done only where it is asked for.',
    source: 'Postfix postconf(5), smtpd_tls_security_level; RFC 3207, 4',
    recipe: [],
  },
];
