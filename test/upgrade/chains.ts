/**
 * Configurations of test/convert-hosts that are upgraded from Debian 11 to testing: the packages, and Postfix's half. SQLite behind proxymap: an smtpd in
 * its chroot that reads the file itself dies on testing ("disk I/O error").
 */

export interface Chain {
  /** The folder in test/convert-hosts. */
  readonly configuration: string;
  /** The way in which Postfix hands mail over, in words. */
  readonly delivery: string;
  /** Mail may be returned to its sender while Dovecot does not run: its LDA ends with a status that is final for Postfix. */
  readonly lda: boolean;
  readonly packages: readonly string[];
  /** The user to whom mail from outside goes; `HOST` is the name of the host. */
  readonly dora: { readonly login: string; readonly address: string };
  /** Runs on the host after the configuration is in place: dora, servers that survive a reboot, Postfix's tables. */
  readonly setup: string;
  readonly main: Readonly<Record<string, string>>;
  readonly master?: string;
}

export const PASSWORD = 'tall tree';

const LMTPD = 'dovecot-lmtpd';
const SIEVE = ['dovecot-sieve', 'dovecot-managesieved'];
const BY_LMTP = 'lmtp:unix:private/dovecot-lmtp';
const PIPE = `dovecot unix - n n - - pipe
  flags=DRhu user=vmail:vmail argv=/usr/lib/dovecot/dovecot-lda -f \${sender} -d \${recipient}
`;

/** A unit that stays, in the place of one of setup.sh. */
const lasting = (name: string, command: string): string => `
systemctl stop stub-${name}
printf '%s\\n' '[Unit]' Before=dovecot.service '[Service]' 'ExecStart=${command}' Restart=on-failure '[Install]' WantedBy=multi-user.target \\
  >/etc/systemd/system/lab-${name}.service
systemctl enable --now lab-${name}
`;

/** Users in SQLite, whose file Postfix reads too. */
const bySqlite = (configuration: string, delivery: string, transport: string): Chain => ({
  configuration,
  delivery,
  lda: false,
  packages: ['sqlite3', 'dovecot-sqlite', LMTPD, ...SIEVE, 'postfix-sqlite'],
  dora: { login: 'dora@one.test', address: 'dora@one.test' },
  setup: `sqlite3 /var/vmail/users.sqlite "INSERT INTO users VALUES ('dora@one.test', '{PLAIN}${PASSWORD}')"
      chmod 644 /var/vmail/users.sqlite; chmod o+x /var/vmail
      printf '%s\\n' dbpath=/var/vmail/users.sqlite "query=SELECT 1 FROM users WHERE email='%s'" >/etc/postfix/users.cf`,
  main: {
    virtual_mailbox_domains: 'one.test two.test',
    virtual_mailbox_maps: 'proxy:sqlite:/etc/postfix/users.cf',
    virtual_transport: transport,
  },
});

export const CHAINS: readonly Chain[] = [
  {
    configuration: 'linuxbabe-pam',
    delivery: 'LMTP',
    lda: false,
    packages: [LMTPD, ...SIEVE],
    dora: { login: 'dora', address: 'dora@HOST' },
    setup: `useradd --create-home --shell /bin/bash dora; echo 'dora:${PASSWORD}' | chpasswd`,
    main: { mydestination: '$myhostname, localhost', mailbox_transport: BY_LMTP },
  },
  {
    configuration: 'virtualmin-pam',
    delivery: 'Dovecot’s LDA as mailbox_command',
    lda: true,
    packages: SIEVE,
    dora: { login: 'dora', address: 'dora@HOST' },
    setup: `useradd --create-home --shell /bin/bash dora; echo 'dora:${PASSWORD}' | chpasswd`,
    main: {
      mydestination: '$myhostname, localhost',
      mailbox_command: '/usr/lib/dovecot/dovecot-lda -f "$SENDER" -a "$RECIPIENT"',
    },
  },
  {
    configuration: 'postfixadmin-mariadb',
    delivery: 'Dovecot’s LDA by pipe',
    lda: true,
    packages: ['mariadb-server', 'dovecot-mysql', 'postfix-mysql'],
    dora: { login: 'dora@one.test', address: 'dora@one.test' },
    setup: `systemctl enable mariadb
      mariadb mail -e "INSERT INTO mailbox VALUES ('dora@one.test', '$(openssl passwd -1 -salt abcdefgh '${PASSWORD}')', 'one.test/dora/', 500000000, 1)"
      printf '%s\\n' hosts=127.0.0.1 dbname=mail user=mail password=vault-key "query=SELECT 1 FROM mailbox WHERE username='%s'" >/etc/postfix/mailboxes.cf`,
    main: {
      virtual_mailbox_domains: 'one.test two.test',
      virtual_mailbox_maps: 'mysql:/etc/postfix/mailboxes.cf',
      virtual_transport: 'dovecot',
      dovecot_destination_recipient_limit: '1',
    },
    master: PIPE,
  },
  {
    configuration: 'openldap',
    delivery: 'LMTP',
    lda: false,
    packages: ['slapd', 'ldap-utils', 'dovecot-ldap', LMTPD, 'postfix-ldap'],
    dora: { login: 'dora@dir.test', address: 'dora@dir.test' },
    setup: `systemctl disable --now slapd; systemctl mask slapd
      ${lasting('directory', '/usr/sbin/slapd -d 0 -f /root/slapd.conf -h ldap://127.0.0.1/')}
      systemctl stop lab-directory
      printf '%s\\n' 'dn: uid=dora,ou=people,dc=dir,dc=test' 'objectClass: inetOrgPerson' 'objectClass: mailPerson' 'uid: dora' 'cn: dora' \\
        'sn: dora' 'mail: dora@dir.test' 'mailQuota: 800000000' 'userPassword: ${PASSWORD}' | slapadd -f /root/slapd.conf
      systemctl start lab-directory
      printf '%s\\n' server_host=127.0.0.1 search_base=ou=people,dc=dir,dc=test query_filter=mail=%s result_attribute=uid >/etc/postfix/people.cf`,
    main: {
      virtual_mailbox_domains: 'dir.test',
      virtual_mailbox_maps: 'ldap:/etc/postfix/people.cf',
      virtual_transport: BY_LMTP,
    },
  },
  {
    configuration: 'mdbox-alternative',
    delivery: 'Dovecot’s LDA by pipe',
    lda: true,
    packages: [LMTPD],
    dora: { login: 'dora@one.test', address: 'dora@one.test' },
    setup: `echo 'dora@one.test:${PASSWORD}' >>/etc/dovecot/users
      printf '%s x\\n' anna@one.test ben@one.test dora@one.test >/etc/postfix/mailboxes; postmap /etc/postfix/mailboxes`,
    main: {
      virtual_mailbox_domains: 'one.test',
      virtual_mailbox_maps: 'hash:/etc/postfix/mailboxes',
      virtual_transport: 'dovecot',
      dovecot_destination_recipient_limit: '1',
    },
    master: PIPE,
  },
  bySqlite('mail-in-a-box-sqlite', 'LMTP by TCP', 'lmtp:inet:127.0.0.1:10026'),
  bySqlite('ispmail-in-place', 'LMTP', BY_LMTP),
];
