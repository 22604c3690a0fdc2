/** The edits that the corpus is put through: each kind that harden-mail makes, by the names of settings it makes them to. */
import type { Grammar } from '../../src/formats/dovecot/dovecot-line.ts';
import type { MainEdit, MasterEdit } from '../support/formats/postfix-cases.ts';

/** What the recipe does to main.cf, and more. */
export const MAIN: readonly MainEdit[] = [
  { set: 'smtpd_sasl_type', value: 'dovecot' },
  { set: 'smtpd_sasl_security_options', value: 'noanonymous' },
  { permitUsers: 'smtpd_recipient_restrictions' },
  { permitUsers: 'smtpd_relay_restrictions' },
  { set: 'smtpd_tls_cert_file', value: '/etc/letsencrypt/live/mx.example.test/fullchain.pem' },
  { set: 'smtpd_tls_security_level', value: 'encrypt' },
  { set: 'smtp_tls_session_cache_database', value: 'lmdb:${data_directory}/smtp_scache' },
  { set: 'mydestination', value: '$myhostname, example.test, localhost' },
  { insert: 'mynetworks', member: '[::1]/128', before: null },
  { set: 'recipient_delimiter', value: '' },
  { remove: 'smtpd_use_tls' },
  { remove: 'smtpd_banner' },
  { remove: 'alias_maps' },
];

const SMTP = 'smtp inet';

export const MASTER: readonly MasterEdit[] = [
  { service: SMTP, set: 'smtpd_tls_auth_only', value: 'yes' },
  { service: SMTP, set: 'smtpd_client_restrictions', value: 'permit_sasl_authenticated, reject' },
  { service: SMTP, remove: 'smtpd_tls_auth_only' },
  { service: 'relay unix', set: 'syslog_name', value: 'postfix/x' },
  { service: 'relay unix', remove: 'syslog_name' },
  { service: 'maildrop unix', set: 'syslog_name', value: 'postfix/x' },
  ...['smtps', 'submissions', '465'].map((name) => ({
    add: `${name} inet n - y - - smtpd`,
    options: [
      ['syslog_name', 'postfix/smtps'],
      ['smtpd_client_restrictions', 'permit_sasl_authenticated, reject'],
      ['smtpd_recipient_restrictions', ''],
    ] as const,
    under: ['submissions', 'smtps'],
  })),
];

/** One setting of Dovecot, `service auth > user`; a value of null takes it away. */
export interface DovecotEdit {
  readonly path: string;
  readonly value: string | null;
  /** The file below conf.d where it goes when it stands nowhere. */
  readonly home: string;
}

const LISTENER = 'service auth > unix_listener /var/spool/postfix/private/auth';
const LIVE = '/etc/letsencrypt/live/mx.example.test';

function dovecot(...rows: readonly (readonly [path: string, value: string | null, home: string])[]): DovecotEdit[] {
  return rows.map(([path, value, home]) => ({ path, value, home: `/etc/dovecot/conf.d/${home}` }));
}

/** Settings that the recipe makes, in the words of each grammar. */
export const RECIPE: Readonly<Record<Grammar, readonly DovecotEdit[]>> = {
  '2.3': dovecot(
    [`${LISTENER} > mode`, '0660', '10-master.conf'],
    [`${LISTENER} > user`, 'postfix', '10-master.conf'],
    [`${LISTENER} > group`, 'postfix', '10-master.conf'],
    ['auth_mechanisms', 'plain login', '10-auth.conf'],
    ['disable_plaintext_auth', 'yes', '10-auth.conf'],
    ['ssl', 'required', '10-ssl.conf'],
    ['ssl_cert', `<${LIVE}/fullchain.pem`, '10-ssl.conf'],
    ['ssl_key', `<${LIVE}/privkey.pem`, '10-ssl.conf'],
    ['ssl_min_protocol', 'TLSv1.2', '10-ssl.conf'],
    ['ssl_prefer_server_ciphers', 'yes', '10-ssl.conf'],
  ),
  '2.4': dovecot(
    [`${LISTENER} > mode`, '0660', '10-master.conf'],
    [`${LISTENER} > user`, 'postfix', '10-master.conf'],
    [`${LISTENER} > group`, 'postfix', '10-master.conf'],
    ['auth_mechanisms', 'plain login', '10-auth.conf'],
    ['auth_allow_cleartext', 'no', '10-auth.conf'],
    ['ssl', 'required', '10-ssl.conf'],
    ['ssl_server_cert_file', `${LIVE}/fullchain.pem`, '10-ssl.conf'],
    ['ssl_server > key_file', `${LIVE}/privkey.pem`, '10-ssl.conf'],
    ['ssl_min_protocol', 'TLSv1.3', '10-ssl.conf'],
    ['ssl_server_prefer_ciphers', 'server', '10-ssl.conf'],
  ),
};

/**
 * Each by itself: those of the recipe, and others of the same kinds. Dovecot 2.4 refuses `ssl = required` beside
 * `auth_allow_cleartext = yes`; the recipe changes both.
 */
export function dovecotEdits(grammar: Grammar, files: Readonly<Record<string, string>>): readonly DovecotEdit[] {
  const cleartext = Object.values(files).some((bytes) => /^\s*auth_allow_cleartext\s*=\s*yes/m.test(bytes));
  return [
    ...RECIPE[grammar].filter(({ path }) => path !== 'ssl' || !cleartext),
    ...dovecot(
      ['ssl', null, '10-ssl.conf'],
      [`${LISTENER} > mode`, null, '10-master.conf'],
      ['protocol imap > mail_max_userip_connections', '30', '20-imap.conf'],
      ['service imap-login > inet_listener imaps > port', '993', '10-master.conf'],
      ['login_greeting', 'hello # "you"', '10-auth.conf'],
    ),
  ];
}
