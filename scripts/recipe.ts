/**
 * The recipe that this tool carries out, line by line and test by test, in its own order. A setting is matched to its fragments by
 * its text; for other lines, the item here names what carries it out. docs/recipe.md is generated from this (scripts/docs.ts).
 */
import type { CheckId } from '../src/verify/checks/index.ts';

export type Item =
  /** A line of a configuration file: carried out by the fragments that quote it. */
  | { readonly setting: string }
  /** A line that only frames others, or that is a comment in the recipe. */
  | { readonly frame: string; readonly note: string }
  /** A command of the recipe. */
  | { readonly command: string; readonly by: string }
  /** A test of the recipe, and its expected result. */
  | {
      readonly test: string;
      readonly see: string;
      readonly checks: readonly CheckId[];
      readonly ports: readonly number[];
    };

export interface Chapter {
  readonly title: string;
  /** The file, for chapters that edit one. */
  readonly file?: string;
  readonly items: readonly Item[];
}

const TELNET = 'telnet localhost 25, ehlo localhost';

export const RECIPE: readonly Chapter[] = [
  {
    title: 'Preparation: the programs',
    items: [
      {
        command: 'postfix, dovecot and letsencrypt are installed',
        by: 'task `install`: apt, noninteractive, conffiles kept; installed packages are not touched',
      },
    ],
  },
  {
    title: 'SASL',
    file: '/etc/postfix/main.cf',
    items: [
      { setting: 'smtpd_sasl_type = dovecot' },
      { setting: 'smtpd_sasl_path = private/auth' },
      { setting: 'smtpd_sasl_security_options = noanonymous' },
      { setting: 'smtpd_recipient_restrictions =' },
      { setting: 'permit_mynetworks,' },
      { setting: 'permit_sasl_authenticated,' },
      { setting: 'reject_unauth_destination' },
    ],
  },
  {
    title: 'SASL, and clients that use the old form',
    file: '/etc/postfix/master.cf',
    items: [
      { setting: 'smtp      inet  n       -       y       -       -       smtpd' },
      { setting: '-o smtpd_sasl_auth_enable=yes' },
      { setting: '-o broken_sasl_auth_clients=yes' },
    ],
  },
  {
    title: 'The socket between Postfix and Dovecot',
    file: '/etc/dovecot/conf.d/10-master.conf',
    items: [
      { setting: 'service auth {' },
      {
        frame: '#  unix_listener auth-userdb {',
        note: 'the recipe comments out the stock socket; it stays, because local delivery needs it',
      },
      { setting: 'unix_listener /var/spool/postfix/private/auth {' },
      { setting: 'mode = 0666' },
      { setting: 'user = postfix' },
      { setting: 'group = postfix' },
    ],
  },
  {
    title: 'Mechanisms',
    file: '/etc/dovecot/conf.d/10-auth.conf',
    items: [
      { setting: 'auth_mechanisms = plain login' },
      {
        command: 'systemctl restart dovecot',
        by: 'task `restart`: once, at the end, and by reload: it refuses no connection',
      },
      { command: 'systemctl restart postfix', by: 'task `restart`, as above' },
      {
        test: TELNET,
        see: '250-AUTH PLAIN LOGIN, 250-AUTH=PLAIN LOGIN (at the end of the recipe: inside TLS only)',
        checks: ['auth', 'auth-legacy'],
        ports: [25],
      },
    ],
  },
  {
    title: 'SMTP over TLS: the certificate',
    items: [
      {
        command: 'sudo letsencrypt certonly --standalone -d kaiiiz.nctucs.net',
        by: 'task `certbot`: `certbot certonly` (letsencrypt is the old name), if there is none for the wanted names yet: [certificates.md](certificates.md); and a deploy hook, which the recipe lacks, so that the daemons load renewals',
      },
      {
        command: 'Problem binding to port 80: stop the program that holds it (e.g. Apache)',
        by: 'before certbot runs, the tool finds and reports the program on port 80 (`PORT_BUSY`)',
      },
    ],
  },
  {
    title: 'SMTP over TLS: Postfix',
    file: '/etc/postfix/main.cf',
    items: [
      { setting: 'smtpd_tls_cert_file=/etc/letsencrypt/live/kaiiiz.nctucs.net/fullchain.pem' },
      { setting: 'smtpd_tls_key_file=/etc/letsencrypt/live/kaiiiz.nctucs.net/privkey.pem' },
      { setting: 'smtp_use_tls=yes' },
      { setting: 'smtpd_use_tls=yes' },
      { setting: 'smtp_tls_note_starttls_offer=yes' },
      { setting: 'smtpd_tls_session_cache_database = btree:${data_directory}/smtpd_scache' },
      { setting: 'smtp_tls_session_cache_database = btree:${data_directory}/smtp_scache' },
      { test: TELNET, see: '250-STARTTLS', checks: ['starttls', 'tls'], ports: [25] },
    ],
  },
  {
    title: 'SMTPS',
    file: '/etc/postfix/master.cf',
    items: [
      {
        frame: '#smtps     inet  n       -       y       -       -       smtpd',
        note: 'the stock sample; the new entry goes below it',
      },
      { setting: '465     inet  n       -       y       -       -       smtpd' },
      { setting: '-o smtpd_tls_security_level=encrypt' },
      { setting: '-o syslog_name=postfix/smtps' },
      { setting: '-o smtpd_tls_wrappermode=yes' },
      { setting: '-o smtpd_sasl_auth_enable=yes' },
      { setting: '-o smtpd_reject_unlisted_recipient=no' },
      { setting: '-o smtpd_client_restrictions=permit_sasl_authenticated,reject' },
      { frame: '#  -o smtpd_client_restrictions=$mua_client_restrictions', note: 'a comment in the recipe as well' },
      { frame: '#  -o smtpd_helo_restrictions=$mua_helo_restrictions', note: 'a comment in the recipe as well' },
      { frame: '#  -o smtpd_sender_restrictions=$mua_sender_restrictions', note: 'a comment in the recipe as well' },
      { setting: '-o smtpd_recipient_restrictions=' },
      { setting: '-o smtpd_relay_restrictions=permit_sasl_authenticated,reject' },
      { setting: '-o milter_macro_daemon_name=ORIGINATING' },
      { test: 'netstat -tlnp | grep 465', see: 'master listens on 465', checks: ['answers'], ports: [465] },
      {
        test: 'openssl s_client -connect localhost:465',
        see: 'a TLS session',
        checks: ['tls', 'certificate-served', 'certificate-name'],
        ports: [465],
      },
    ],
  },
  {
    title: 'No SMTP login in clear',
    file: '/etc/postfix/master.cf',
    items: [
      { setting: 'smtp      inet  n       -       y       -       -       smtpd' },
      { setting: '-o smtpd_tls_auth_only=yes' },
      { test: TELNET, see: '250-STARTTLS, and no AUTH any more', checks: ['starttls', 'no-plain-login'], ports: [25] },
    ],
  },
  {
    title: 'POP3S and IMAPS',
    file: '/etc/dovecot/conf.d/10-ssl.conf',
    items: [
      { setting: 'ssl = required' },
      { setting: 'ssl_cert = </etc/letsencrypt/live/kaiiiz.nctucs.net/fullchain.pem' },
      { setting: 'ssl_key = </etc/letsencrypt/live/kaiiiz.nctucs.net/privkey.pem' },
      { command: 'sudo systemctl restart dovecot', by: 'task `restart`: a reload, once, at the end' },
    ],
  },
  {
    title: 'No login in clear over POP3 and IMAP',
    file: '/etc/dovecot/conf.d/10-auth.conf',
    items: [
      { setting: 'disable_plaintext_auth = yes' },
      {
        test: 'netstat -tlnp',
        see: '995 (POP3S) and 993 (IMAPS) listen',
        checks: ['answers', 'tls', 'certificate-served'],
        ports: [993, 995],
      },
      {
        test: '(the purpose of disable_plaintext_auth)',
        see: '143 and 110 refuse a password before TLS',
        checks: ['no-plain-login'],
        ports: [110, 143],
      },
    ],
  },
];
