/** Configurations of Dovecot, each with a sentence, in the words of 2.3 and of 2.4. */

export type Grammar = '2.3' | '2.4';

/** Words that differ between the releases. */
interface Words {
  readonly grammar: Grammar;
  /** Passwords in clear. */
  readonly clear: (allowed: boolean) => string;
  /** Of a listener: the address it listens on. */
  readonly address: string;
}

interface DovecotCase {
  readonly sentence: string;
  readonly lines: (words: Words) => string;
  readonly only?: Grammar;
}

const NETWORK = '198.19.1.0/24';
const SECOND = '198.19.2.2';

const levels: readonly DovecotCase[] = ['no', 'yes', 'required'].flatMap((level) =>
  [null, false, true].map((clear) => ({
    sentence: `ssl = ${level}, and passwords in clear are ${clear === null ? 'at their default' : clear ? 'allowed' : 'forbidden'}`,
    lines: (words: Words) => `ssl = ${level}\n${clear === null ? '' : words.clear(clear)}`,
    // 2.4 does not start with this pair.
    ...(level === 'required' && clear ? { only: '2.3' as const } : {}),
  })),
);

const filters: readonly DovecotCase[] = [
  { sentence: 'A network may log in in clear.', lines: ({ clear }) => `remote ${NETWORK} {\n${clear(true)}\n}` },
  {
    sentence: 'A network may not log in in clear, and every other client may.',
    lines: ({ clear }) => `${clear(true)}\nremote ${NETWORK} {\n${clear(false)}\n}`,
  },
  { sentence: 'A network needs TLS.', lines: ({ clear }) => `${clear(true)}\nremote ${NETWORK} {\nssl = required\n}` },
  {
    sentence: 'A network has no TLS, and every other client needs TLS.',
    lines: ({ clear }) => `ssl = required\nremote ${NETWORK} {\nssl = no\n${clear(true)}\n}`,
  },
  {
    sentence: 'POP3 accepts passwords in clear, and IMAP does not.',
    lines: ({ clear }) => `protocol pop3 {\n${clear(true)}\n}`,
  },
  {
    sentence: 'IMAP needs TLS, and POP3 offers it.',
    lines: ({ clear }) => `${clear(true)}\nprotocol imap {\nssl = required\n}`,
  },
  {
    sentence: 'An address of the host accepts passwords in clear.',
    lines: ({ clear }) => `local ${SECOND} {\n${clear(true)}\n}`,
  },
  {
    sentence: 'An address of the host needs TLS.',
    lines: ({ clear }) => `${clear(true)}\nlocal ${SECOND} {\nssl = required\n}`,
  },
  {
    sentence: 'An address of the host accepts passwords in clear for IMAP.',
    lines: ({ clear }) => `local ${SECOND} {\nprotocol imap {\n${clear(true)}\n}\n}`,
  },
  {
    sentence: 'A network may log in in clear at one address of the host.',
    lines: ({ clear }) => `local ${SECOND} {\nremote ${NETWORK} {\n${clear(true)}\n}\n}`,
  },
  {
    sentence: 'A network in login_trusted_networks may log in in clear.',
    lines: () => `login_trusted_networks = ${NETWORK}`,
  },
  {
    sentence: 'TLS is required, and a network is in login_trusted_networks.',
    lines: () => `ssl = required\nlogin_trusted_networks = ${NETWORK}`,
  },
];

const listeners: readonly DovecotCase[] = [
  { sentence: 'Only IMAP is served.', lines: () => 'protocols = imap' },
  { sentence: 'Only POP3 is served.', lines: () => 'protocols = pop3' },
  {
    sentence: 'IMAP has no port 143.',
    lines: () => 'service imap-login {\ninet_listener imap {\nport = 0\n}\n}',
  },
  {
    sentence: 'Neither protocol has a port for STARTTLS.',
    lines: () =>
      'service imap-login {\ninet_listener imap {\nport = 0\n}\n}\nservice pop3-login {\ninet_listener pop3 {\nport = 0\n}\n}',
  },
  {
    sentence: 'IMAP has no port 993.',
    lines: () => 'service imap-login {\ninet_listener imaps {\nport = 0\n}\n}',
  },
  {
    sentence: 'IMAP uses another port.',
    lines: () => 'service imap-login {\ninet_listener imap {\nport = 1143\n}\n}',
  },
  {
    sentence: 'IMAPS uses another port and repeats ssl = yes.',
    lines: () => 'service imap-login {\ninet_listener imaps {\nport = 1993\nssl = yes\n}\n}',
  },
  {
    sentence: 'An additional listener starts without TLS.',
    lines: () => 'service imap-login {\ninet_listener webmail {\nport = 2143\n}\n}',
  },
  {
    sentence: 'An additional listener starts with TLS.',
    lines: () => 'service imap-login {\ninet_listener webmail {\nport = 2993\nssl = yes\n}\n}',
  },
  {
    sentence: 'IMAP listens on one address.',
    lines: ({ address }) => `service imap-login {\ninet_listener imap {\n${address} = 198.19.2.1\n}\n}`,
  },
  {
    sentence: 'IMAPS listens on the loopback address only.',
    lines: ({ address }) => `service imap-login {\ninet_listener imaps {\n${address} = 127.0.0.1\n}\n}`,
  },
  { sentence: 'Every listener uses one address.', lines: () => 'listen = 198.19.2.1' },
  { sentence: 'Every listener uses two addresses.', lines: () => 'listen = 198.19.2.1, 198.19.2.2' },
  {
    sentence: 'The listener imaps starts without TLS.',
    lines: ({ clear }) => `${clear(true)}\nservice imap-login {\ninet_listener imaps {\nssl = no\n}\n}`,
  },
  {
    sentence: 'The listener imap starts with TLS.',
    lines: () => 'service imap-login {\ninet_listener imap {\nssl = yes\n}\n}',
  },
  {
    sentence: 'A proxy is in front, and no client may log in in clear through it.',
    lines: () =>
      'haproxy_trusted_networks = 198.19.0.0/16\nservice imap-login {\ninet_listener imap {\nhaproxy = yes\n}\n}',
  },
  {
    sentence: 'A proxy is in front, and TLS is required.',
    lines: () =>
      'ssl = required\nhaproxy_trusted_networks = 198.19.0.0/16\nservice imap-login {\ninet_listener imap {\nhaproxy = yes\n}\n}',
  },
  {
    sentence: 'A proxy is in front of a host without TLS.',
    lines: () =>
      'ssl = no\nhaproxy_trusted_networks = 198.19.0.0/16\nservice imap-login {\ninet_listener imap {\nhaproxy = yes\n}\n}',
  },
  {
    sentence: 'A proxy in front names the client.',
    lines: ({ clear }) =>
      `haproxy_trusted_networks = 198.19.0.0/16\nremote ${NETWORK} {\n${clear(true)}\n}\nservice imap-login {\ninet_listener imap {\nhaproxy = yes\n}\n}`,
  },
];

const mechanisms: readonly DovecotCase[] = [
  { sentence: 'Only PLAIN is offered.', lines: () => 'auth_mechanisms = plain' },
  { sentence: 'PLAIN and LOGIN are offered.', lines: () => 'auth_mechanisms = plain login' },
  { sentence: 'Mechanisms in capitals are the same.', lines: () => 'auth_mechanisms = PLAIN Login' },
  { sentence: 'Only SCRAM is offered.', lines: () => 'auth_mechanisms = scram-sha-256' },
];

const sockets: readonly DovecotCase[] = [
  {
    sentence: 'An auth socket for Postfix is closed to other users.',
    lines: () =>
      'service auth {\nunix_listener /var/spool/postfix/private/auth {\nmode = 0660\nuser = postfix\ngroup = postfix\n}\n}',
  },
  {
    sentence: 'Every user can open the auth socket.',
    lines: () => 'service auth {\nunix_listener /var/spool/postfix/private/auth {\nmode = 0666\n}\n}',
  },
  {
    sentence: 'An auth socket has no explicit mode.',
    lines: () => 'service auth {\nunix_listener /var/spool/postfix/private/auth {\nuser = postfix\n}\n}',
  },
  {
    sentence: 'An auth socket is in Dovecot’s own folder.',
    lines: () => 'service auth {\nunix_listener auth-mail {\nmode = 0600\nuser = postfix\n}\n}',
  },
  {
    sentence: 'An auth socket has a mode of three digits.',
    lines: () => 'service auth {\nunix_listener /var/spool/postfix/auth2 {\nmode = 660\ngroup = mail\n}\n}',
  },
  {
    sentence: 'Dovecot’s own auth-client is opened to Postfix.',
    lines: () => 'service auth {\nunix_listener auth-client {\nmode = 0660\nuser = postfix\ngroup = postfix\n}\n}',
  },
  {
    sentence: 'Dovecot’s own auth-client has only a group.',
    lines: () => 'service auth {\nunix_listener auth-client {\ngroup = postfix\n}\n}',
  },
  {
    sentence: 'An auth socket listens on TCP.',
    lines: ({ address }) => `service auth {\ninet_listener sasl {\nport = 12345\n${address} = 127.0.0.1\n}\n}`,
  },
];

export const DOVECOT_CASES: readonly DovecotCase[] = [...levels, ...filters, ...listeners, ...mechanisms, ...sockets];

const BASE = {
  '2.3': `protocols = imap pop3
auth_mechanisms = plain scram-sha-256
auth_failure_delay = 0 secs
mail_location = maildir:/tmp/oracle-mail/%u
passdb {
  driver = passwd-file
  args = /etc/dovecot/oracle-users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/tmp/oracle-mail
}
ssl_cert = </etc/ssl/certs/ssl-cert-snakeoil.pem
ssl_key = </etc/ssl/private/ssl-cert-snakeoil.key
`,
  '2.4': `dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols = imap pop3
auth_mechanisms = plain scram-sha-256
auth_failure_delay = 0 secs
mail_driver = maildir
mail_path = /tmp/oracle-mail/%{user}
passdb passwd-file {
  passwd_file_path = /etc/dovecot/oracle-users
}
userdb static {
  fields {
    uid = nobody
    gid = nogroup
    home = /tmp/oracle-mail
  }
}
ssl_server_cert_file = /etc/ssl/certs/ssl-cert-snakeoil.pem
ssl_server_key_file = /etc/ssl/private/ssl-cert-snakeoil.key
`,
} as const;

/** dovecot.conf of a case. */
export function dovecotConf({ lines }: DovecotCase, grammar: Grammar): string {
  const clear = (allowed: boolean): string =>
    grammar === '2.4'
      ? `auth_allow_cleartext = ${allowed ? 'yes' : 'no'}`
      : `disable_plaintext_auth = ${allowed ? 'no' : 'yes'}`;
  return `${BASE[grammar]}${lines({ grammar, clear, address: grammar === '2.4' ? 'listen' : 'address' })}\n`;
}
