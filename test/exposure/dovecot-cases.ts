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
    sentence: `ssl = ${level}, and passwords in clear are ${clear === null ? 'as Dovecot has it' : clear ? 'allowed' : 'forbidden'}`,
    lines: (words: Words) => `ssl = ${level}\n${clear === null ? '' : words.clear(clear)}`,
    // 2.4 does not start with this pair.
    ...(level === 'required' && clear ? { only: '2.3' as const } : {}),
  })),
);

const filters: readonly DovecotCase[] = [
  { sentence: 'A network may log in in clear', lines: ({ clear }) => `remote ${NETWORK} {\n${clear(true)}\n}` },
  {
    sentence: 'A network may not log in in clear where everybody else may',
    lines: ({ clear }) => `${clear(true)}\nremote ${NETWORK} {\n${clear(false)}\n}`,
  },
  { sentence: 'A network needs TLS', lines: ({ clear }) => `${clear(true)}\nremote ${NETWORK} {\nssl = required\n}` },
  {
    sentence: 'A network has no TLS where TLS is required of everybody else',
    lines: ({ clear }) => `ssl = required\nremote ${NETWORK} {\nssl = no\n${clear(true)}\n}`,
  },
  {
    sentence: 'POP3 takes passwords in clear, IMAP does not',
    lines: ({ clear }) => `protocol pop3 {\n${clear(true)}\n}`,
  },
  {
    sentence: 'IMAP needs TLS, POP3 offers it',
    lines: ({ clear }) => `${clear(true)}\nprotocol imap {\nssl = required\n}`,
  },
  {
    sentence: 'An address of the host takes passwords in clear',
    lines: ({ clear }) => `local ${SECOND} {\n${clear(true)}\n}`,
  },
  {
    sentence: 'An address of the host needs TLS',
    lines: ({ clear }) => `${clear(true)}\nlocal ${SECOND} {\nssl = required\n}`,
  },
  {
    sentence: 'An address of the host takes passwords in clear for IMAP',
    lines: ({ clear }) => `local ${SECOND} {\nprotocol imap {\n${clear(true)}\n}\n}`,
  },
  {
    sentence: 'A network takes passwords in clear at one address of the host',
    lines: ({ clear }) => `local ${SECOND} {\nremote ${NETWORK} {\n${clear(true)}\n}\n}`,
  },
  {
    sentence: 'login_trusted_networks may log in in clear',
    lines: () => `login_trusted_networks = ${NETWORK}`,
  },
  {
    sentence: 'login_trusted_networks where TLS is required',
    lines: () => `ssl = required\nlogin_trusted_networks = ${NETWORK}`,
  },
];

const listeners: readonly DovecotCase[] = [
  { sentence: 'IMAP alone is served', lines: () => 'protocols = imap' },
  { sentence: 'POP3 alone is served', lines: () => 'protocols = pop3' },
  {
    sentence: 'IMAP without port 143',
    lines: () => 'service imap-login {\ninet_listener imap {\nport = 0\n}\n}',
  },
  {
    sentence: 'Neither protocol without TLS on its own port',
    lines: () =>
      'service imap-login {\ninet_listener imap {\nport = 0\n}\n}\nservice pop3-login {\ninet_listener pop3 {\nport = 0\n}\n}',
  },
  {
    sentence: 'IMAP without port 993',
    lines: () => 'service imap-login {\ninet_listener imaps {\nport = 0\n}\n}',
  },
  {
    sentence: 'IMAP on another port',
    lines: () => 'service imap-login {\ninet_listener imap {\nport = 1143\n}\n}',
  },
  {
    sentence: 'IMAPS on another port, with ssl said again',
    lines: () => 'service imap-login {\ninet_listener imaps {\nport = 1993\nssl = yes\n}\n}',
  },
  {
    sentence: 'A further listener without TLS',
    lines: () => 'service imap-login {\ninet_listener webmail {\nport = 2143\n}\n}',
  },
  {
    sentence: 'A further listener that begins with TLS',
    lines: () => 'service imap-login {\ninet_listener webmail {\nport = 2993\nssl = yes\n}\n}',
  },
  {
    sentence: 'IMAP on one address',
    lines: ({ address }) => `service imap-login {\ninet_listener imap {\n${address} = 198.19.2.1\n}\n}`,
  },
  {
    sentence: 'IMAPS on the loopback address alone',
    lines: ({ address }) => `service imap-login {\ninet_listener imaps {\n${address} = 127.0.0.1\n}\n}`,
  },
  { sentence: 'Every listener on one address', lines: () => 'listen = 198.19.2.1' },
  { sentence: 'Every listener on two addresses', lines: () => 'listen = 198.19.2.1, 198.19.2.2' },
  {
    sentence: 'The listener imaps without TLS',
    lines: ({ clear }) => `${clear(true)}\nservice imap-login {\ninet_listener imaps {\nssl = no\n}\n}`,
  },
  {
    sentence: 'The listener imap begins with TLS',
    lines: () => 'service imap-login {\ninet_listener imap {\nssl = yes\n}\n}',
  },
  {
    sentence: 'A proxy in front, from which nobody may log in in clear',
    lines: () =>
      'haproxy_trusted_networks = 198.19.0.0/16\nservice imap-login {\ninet_listener imap {\nhaproxy = yes\n}\n}',
  },
  {
    sentence: 'A proxy in front where TLS is required',
    lines: () =>
      'ssl = required\nhaproxy_trusted_networks = 198.19.0.0/16\nservice imap-login {\ninet_listener imap {\nhaproxy = yes\n}\n}',
  },
  {
    sentence: 'A proxy in front of a host without TLS',
    lines: () =>
      'ssl = no\nhaproxy_trusted_networks = 198.19.0.0/16\nservice imap-login {\ninet_listener imap {\nhaproxy = yes\n}\n}',
  },
  {
    sentence: 'A proxy in front names the client',
    lines: ({ clear }) =>
      `haproxy_trusted_networks = 198.19.0.0/16\nremote ${NETWORK} {\n${clear(true)}\n}\nservice imap-login {\ninet_listener imap {\nhaproxy = yes\n}\n}`,
  },
];

const mechanisms: readonly DovecotCase[] = [
  { sentence: 'PLAIN is all that is offered', lines: () => 'auth_mechanisms = plain' },
  { sentence: 'PLAIN and LOGIN are offered', lines: () => 'auth_mechanisms = plain login' },
  { sentence: 'Mechanisms in capitals are the same', lines: () => 'auth_mechanisms = PLAIN Login' },
  { sentence: 'SCRAM alone is offered', lines: () => 'auth_mechanisms = scram-sha-256' },
];

const sockets: readonly DovecotCase[] = [
  {
    sentence: 'An auth socket for Postfix, closed to others',
    lines: () =>
      'service auth {\nunix_listener /var/spool/postfix/private/auth {\nmode = 0660\nuser = postfix\ngroup = postfix\n}\n}',
  },
  {
    sentence: 'An auth socket that everybody can open',
    lines: () => 'service auth {\nunix_listener /var/spool/postfix/private/auth {\nmode = 0666\n}\n}',
  },
  {
    sentence: 'An auth socket whose mode is not said',
    lines: () => 'service auth {\nunix_listener /var/spool/postfix/private/auth {\nuser = postfix\n}\n}',
  },
  {
    sentence: 'An auth socket in Dovecot’s own folder',
    lines: () => 'service auth {\nunix_listener auth-mail {\nmode = 0600\nuser = postfix\n}\n}',
  },
  {
    sentence: 'An auth socket with a mode of three digits',
    lines: () => 'service auth {\nunix_listener /var/spool/postfix/auth2 {\nmode = 660\ngroup = mail\n}\n}',
  },
  {
    sentence: 'Dovecot’s own auth-client, opened to Postfix',
    lines: () => 'service auth {\nunix_listener auth-client {\nmode = 0660\nuser = postfix\ngroup = postfix\n}\n}',
  },
  {
    sentence: 'Dovecot’s own auth-client, with nothing but a group',
    lines: () => 'service auth {\nunix_listener auth-client {\ngroup = postfix\n}\n}',
  },
  {
    sentence: 'An auth socket on TCP',
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
