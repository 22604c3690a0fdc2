/**
 * The paths of a host, each once. The loader of the shell scripts (`remote/scripts.ts`) sets a variable of the same name for each
 * path that a script uses: `$MAIN_CF`. `npm run check` fails on a path of these folders anywhere else in src/.
 */
const POSTFIX = '/etc/postfix';
const DOVECOT = '/etc/dovecot';
const CONF_D = `${DOVECOT}/conf.d`;
const LETSENCRYPT = '/etc/letsencrypt';
const UNITS = '/etc/systemd/system';
/** Records of harden-mail, kept for good. */
const STORE = '/var/lib/harden-mail';

export const PATHS = {
  POSTFIX,
  MAIN_CF: `${POSTFIX}/main.cf`,
  MASTER_CF: `${POSTFIX}/master.cf`,
  /** Our map from name to certificate. */
  SNI_MAP: `${POSTFIX}/harden-mail-sni`,
  CYRUS_CONF: `${POSTFIX}/sasl/smtpd.conf`,
  /** Postfix's default queue directory, and the socket there on which it asks Dovecot about passwords. */
  QUEUE: '/var/spool/postfix',

  DOVECOT,
  DOVECOT_CONF: `${DOVECOT}/dovecot.conf`,
  /** Debian's files for new settings. */
  AUTH_CONF: `${CONF_D}/10-auth.conf`,
  SSL_CONF: `${CONF_D}/10-ssl.conf`,
  MASTER_CONF: `${CONF_D}/10-master.conf`,
  /** Our limits for the TLS library. */
  DOVECOT_OPENSSL: `${DOVECOT}/openssl.cnf`,
  DOVECOT_RUN: '/run/dovecot',

  LETSENCRYPT,
  LIVE: `${LETSENCRYPT}/live`,
  ARCHIVE: `${LETSENCRYPT}/archive`,
  RENEWAL: `${LETSENCRYPT}/renewal`,
  RENEWAL_HOOKS: `${LETSENCRYPT}/renewal-hooks`,
  DEPLOY_HOOK: `${LETSENCRYPT}/renewal-hooks/deploy/harden-mail`,
  /** The roots of --acme-ca, the drop-in that gives them to certbot's renewals, and the bundle that the drop-in makes. */
  ACME_CA: `${LETSENCRYPT}/harden-mail-acme-ca.pem`,
  ACME_CA_UNIT: `${UNITS}/certbot.service.d/acme-ca.conf`,
  ACME_CA_BUNDLE: '/run/harden-mail-certbot/roots.pem',
  CERTBOT_LOG: '/var/log/letsencrypt/letsencrypt.log',
  HOST_ROOTS: '/etc/ssl/certs/ca-certificates.crt',

  UNITS,
  /** This folder exists where systemd runs. */
  SYSTEMD: '/run/systemd/system',
  WATCH: `${UNITS}/harden-mail-certificate.path`,
  WATCH_SERVICE: `${UNITS}/harden-mail-certificate.service`,
  /** Starts the watch at boot. A link below multi-user.target.wants would do the same, but a transaction writes files only. */
  WATCH_AT_BOOT: `${UNITS}/multi-user.target.d/harden-mail-certificate.conf`,
  WATCH_LOADED: '/run/harden-mail-certificate',
  WATCH_SCRIPT: `${STORE}/reload-certificate`,
  RECOVER_UNIT: `${UNITS}/harden-mail-recover.service`,
  RECOVER_AT_BOOT: `${UNITS}/multi-user.target.wants/harden-mail-recover.service`,

  /** With `.PID.RANDOM` behind it: the program, on the machine that plays a rehearsal for another one. */
  SPARE_FOLDER: '/run/harden-mail-spare',

  STORE,
  JOURNAL: `${STORE}/tx`,
  RECORD: `${STORE}/profile.json`,
  /** Users' mailboxes before an upgrade of Dovecot, for the apply that converts its files. */
  MAILBOXES: `${STORE}/mailboxes`,
  LOCK: '/run/harden-mail.lock',
  /** The log of a running transaction, and the controller's answer. */
  TALKS: '/run/harden-mail',
} as const;
