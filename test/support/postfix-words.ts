/** Old words of Postfix in files, and the sessions that show what they mean. */

import type { LabHost } from '../../src/lab/lab.ts';
import { smtp } from './postfix-hosts.ts';
import { sent, dripped, greeted } from './postfix-looks.ts';

export interface Look {
  /** The rules of src/modernize that this session is about. */
  readonly rules: readonly string[];
  readonly what: string;
  readonly look: (host: LabHost) => Promise<string>;
  readonly shows: RegExp;
  /** The same session on a host without the setting. */
  readonly without: RegExp;
}

export interface Group {
  readonly name: string;
  /** `CLIENT` is the address of this machine, `HOST` the name of the host. */
  readonly main: Readonly<Record<string, string>>;
  /** Entries of master.cf, as `postconf -M` takes them. */
  readonly master: readonly string[];
  readonly looks: readonly Look[];
}

const ehlo = async (host: LabHost): Promise<string> => (await smtp(host, 'EHLO client.example')).at(-1) ?? '';
const last = (...lines: string[]) => async (host: LabHost) => (await smtp(host, ...lines.map((line) => line.replace('HOST', host.name)))).at(-1) ?? ''; // oxfmt-ignore

let clients = 0;
/** postscreen remembers a client that has passed. */
const newClient = (): string => `127.0.1.${++clients}`;

export const GROUPS: readonly Group[] = [
  {
    name: 'that offer, permit and deliver',
    main: {
      smtpd_use_tls: 'yes',
      authorized_verp_clients: 'CLIENT',
      virtual_maps: 'inline:{{virtual@HOST=alice@HOST}}',
      fallback_relay: '[127.0.0.1]:2525',
      disable_dns_lookups: 'yes',
      default_transport: 'smtp',
      transport_maps: 'inline:{{named.example=smtp:sink.hosts.example:2525}}',
      smtpd_per_record_deadline: 'yes',
      smtpd_timeout: '6s',
    },
    master: [],
    looks: [
      {
        rules: ['smtpd_use_tls'],
        what: 'STARTTLS on 25',
        look: ehlo,
        shows: /STARTTLS/,
        without: /^(?![\s\S]*STARTTLS)/,
      },
      {
        rules: ['authorized_verp_clients'],
        what: 'XVERP',
        look: last('EHLO client.example', 'MAIL FROM:<sender@away.example> XVERP'),
        shows: /^250 /,
        without: /^5\d\d /,
      },
      {
        rules: ['virtual_maps'],
        what: 'an alias',
        look: last('EHLO client.example', 'MAIL FROM:<sender@away.example>', 'RCPT TO:<virtual@HOST>'),
        shows: /^250 /,
        without: /^550 5\.1\.1 /,
      },
      {
        rules: ['fallback_relay'],
        what: 'mail for a domain that is not there',
        look: (host) => sent(host, 'someone@gone.example'),
        shows: /relay=127\.0\.0\.1\[127\.0\.0\.1\]:2525, .*status=sent/,
        without: /status=(bounced|deferred)/,
      },
      {
        rules: ['disable_dns_lookups'],
        what: 'mail through a host that only /etc/hosts names',
        look: (host) => sent(host, 'someone@named.example'),
        shows: /relay=sink\.hosts\.example\[127\.0\.0\.1\]:2525, .*status=sent/,
        without: /status=(bounced|deferred)/,
      },
      {
        rules: ['smtpd_per_record_deadline'],
        what: 'a command that comes letter by letter',
        look: dripped,
        shows: /^421 4\.4\.2 .*timeout exceeded/,
        without: /^it waits/,
      },
    ],
  },
  {
    name: 'that require TLS',
    main: {
      smtpd_enforce_tls: 'yes',
      smtp_enforce_tls: 'yes',
      smtp_tls_enforce_peername: 'no',
      lmtp_enforce_tls: 'yes',
      lmtp_tls_enforce_peername: 'no',
      default_transport: 'smtp',
      relayhost: '[127.0.0.1]:2525',
      transport_maps: 'inline:{{lmtp.example=lmtp:inet:127.0.0.1:2526}}',
    },
    master: [],
    looks: [
      {
        rules: ['smtpd_enforce_tls'],
        what: 'MAIL in clear',
        look: last('EHLO client.example', 'MAIL FROM:<sender@away.example>'),
        shows: /^530 5\.7\.0 /,
        without: /^250 /,
      },
      {
        rules: ['smtp_enforce_tls', 'smtp_tls_enforce_peername'],
        what: 'mail to a server without TLS',
        look: (host) => sent(host, 'someone@away.example'),
        shows: /status=deferred \(TLS is required, but was not offered/,
        without: /status=sent/,
      },
      {
        rules: ['lmtp_enforce_tls', 'lmtp_tls_enforce_peername'],
        what: 'mail to an LMTP server without TLS',
        look: (host) => sent(host, 'someone@lmtp.example'),
        shows: /status=deferred \(TLS is required, but was not offered/,
        without: /status=sent/,
      },
    ],
  },
  {
    name: 'of postscreen',
    main: {
      postscreen_blacklist_action: 'drop',
      postscreen_access_list: 'cidr:{{127.0.0.2/32 reject}}',
      postscreen_whitelist_interfaces: '!127.0.0.3, static:all',
      postscreen_greet_wait: '2s',
    },
    master: ['smtp/inet=smtp inet n - y - 1 postscreen', 'smtpd/pass=smtpd pass - - y - - smtpd'],
    looks: [
      {
        rules: ['postscreen_blacklist_action'],
        what: 'a client that the access list rejects',
        look: (host) => greeted(host, '127.0.0.2', '127.0.0.1'),
        shows: /^521 /,
        without: /^250 /,
      },
      {
        rules: ['postscreen_whitelist_interfaces'],
        what: 'a new client on an interface that gives nobody a name',
        look: (host) => greeted(host, newClient(), '127.0.0.3'),
        shows: /^450 /,
        without: /^250 /,
      },
    ],
  },
];

/** Old name, value, and the parameters by which the programs read it: as on the old release, before and after apply. */
export const VALUES: readonly (readonly [name: string, value: string, ...read: string[]])[] = [
  ['authorized_verp_clients', '192.0.2.0/24', 'smtpd_authorized_verp_clients'],
  ['fallback_relay', '[relay.example]', 'smtp_fallback_relay'],
  ['virtual_maps', 'static:nobody', 'virtual_alias_maps'],
  ['smtpd_per_record_deadline', 'yes', 'smtpd_per_request_deadline'],
  ['smtp_per_record_deadline', 'yes', 'smtp_per_request_deadline'],
  ['lmtp_per_record_deadline', 'yes', 'lmtp_per_request_deadline'],
  ['postscreen_blacklist_action', 'drop', 'postscreen_denylist_action'],
  ['postscreen_whitelist_interfaces', '!192.0.2.1, static:all', 'postscreen_allowlist_interfaces'],
  ['postscreen_dnsbl_whitelist_threshold', '-2', 'postscreen_dnsbl_allowlist_threshold'],
  ['postscreen_dnsbl_ttl', '12', 'postscreen_dnsbl_max_ttl'],
  ['smtpd_client_connection_limit_exceptions', '192.0.2.0/24', 'smtpd_client_event_limit_exceptions'],
  ['tlsproxy_client_level', 'encrypt', 'tlsproxy_client_security_level'],
  ['tlsproxy_client_policy', 'static:may', 'tlsproxy_client_policy_maps'],
  ['disable_dns_lookups', 'no', 'smtp_dns_support_level', 'lmtp_dns_support_level'],
  ['smtpd_tls_eecdh_grade', 'auto', 'smtpd_tls_eecdh_grade'],
  ['smtpd_tls_dh1024_param_file', 'auto'], // nothing is the same as auto
  ['smtp_cname_overrides_servername', 'no', 'smtp_cname_overrides_servername'],
  ['lmtp_cname_overrides_servername', 'no', 'lmtp_cname_overrides_servername'],
];

/** Set on the old release with no effect on what is sent and read there today, or none at all on the new one. */
export const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  tls_legacy_public_key_fingerprints: 'no',
  smtpd_tls_dh512_param_file: '/etc/postfix/dh512.pem',
  tls_export_cipherlist: 'ALL',
  tls_low_cipherlist: 'ALL',
};

/** Grades of ciphers that OpenSSL no longer has. */
export const GRADES = ['smtpd_tls_ciphers', 'smtpd_tls_mandatory_ciphers', 'smtp_tls_ciphers', 'smtp_tls_mandatory_ciphers', 'lmtp_tls_ciphers', 'lmtp_tls_mandatory_ciphers']; // oxfmt-ignore

/** The old switches of TLS, and the level that they mean; one list for each file. */
export const LEVELS: readonly (readonly (readonly [
  switches: Readonly<Record<string, string>>,
  level: string,
  means: string,
])[])[] = [
  [
    [{ smtpd_use_tls: 'yes' }, 'smtpd_tls_security_level', 'may'],
    [{ smtp_enforce_tls: 'yes', smtp_tls_enforce_peername: 'no' }, 'smtp_tls_security_level', 'encrypt'],
    [{ lmtp_enforce_tls: 'yes' }, 'lmtp_tls_security_level', 'verify'],
    [{ postscreen_use_tls: 'no' }, 'postscreen_tls_security_level', 'none'],
    [{ tlsproxy_enforce_tls: 'yes' }, 'tlsproxy_tls_security_level', 'encrypt'],
  ],
  [
    [{ smtpd_enforce_tls: 'yes' }, 'smtpd_tls_security_level', 'encrypt'],
    [{ smtp_use_tls: 'yes' }, 'smtp_tls_security_level', 'may'],
    [{ lmtp_use_tls: 'yes' }, 'lmtp_tls_security_level', 'may'],
    [{ postscreen_enforce_tls: 'yes' }, 'postscreen_tls_security_level', 'encrypt'],
    // tlsproxy_enforce_tls takes the value of smtpd_enforce_tls.
    [{ tlsproxy_use_tls: 'yes' }, 'tlsproxy_tls_security_level', 'encrypt'],
    [{ tlsproxy_client_use_tls: 'yes' }, 'tlsproxy_client_security_level', 'may'],
  ],
  [
    [{ lmtp_enforce_tls: 'yes', lmtp_tls_enforce_peername: 'no' }, 'lmtp_tls_security_level', 'encrypt'],
    [{ tlsproxy_client_enforce_tls: 'yes' }, 'tlsproxy_client_security_level', 'verify'],
  ],
];

/** Rules by which apply writes nothing: what is proved instead, or why there is nothing to prove. */
export const NOTHING_WRITTEN: Readonly<Record<string, string>> = {
  milter_default_action: 'a session shows the difference, and that the advice takes it back',
  permit_mx_backup: 'it works on every release of the table; only postconf’s and smtpd’s warning is new',
  smtp_tls_per_site: 'it works on every release of the table; a warning is new',
  lmtp_tls_per_site: 'as above',
  tlsproxy_client_per_site: 'as above',
  'hash:': 'held and looked up by every other test on testing, whose aliases are of this type',
  'btree:': 'as above: the session caches of a stock main.cf from 12',
  'mysql:': 'the files do not say in which character set the database is',
  'pgsql:': 'as above',
  'pcre:':
    'Debian 12, the oldest release beside 11, has pcre2 already; the flag X is an error of the pattern since pcre2',
  'nis:': 'only the default of a new host changes',
  multi_instance_directories: 'units of systemd, not words of Postfix: Debian’s NEWS has the command',
  smtpd_forbid_unauth_pipelining: 'a stricter default, which stays',
  smtpd_forbid_bare_newline: 'a stricter default, which stays',
  compatibility_level: 'an upgrade keeps it',
  'the column chroot of master.cf': 'an upgrade keeps it',
  'entries that package scripts add to master.cf': 'the packages write them, test/upgrade/chains.test.ts has them',
  'settings that package scripts write into main.cf': 'as above',
};
