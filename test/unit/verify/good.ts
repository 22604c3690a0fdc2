import type { SecureContextOptions } from 'node:tls';
import type { Script } from './server.ts';

/** The six ports as Debian 12's Postfix and Dovecot answer once the recipe is applied. */
export function goodHost(tls: SecureContextOptions): Map<number, Script> {
  return new Map([
    [25, smtp(tls, false)],
    [110, pop3(tls, false)],
    [143, imap(tls, false)],
    [465, smtp(tls, true)],
    [993, imap(tls, true)],
    [995, pop3(tls, true)],
  ]);
}

export const EHLO_PLAIN = '250-mx.example.test\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 CHUNKING\r\n';
export const EHLO_SECURE =
  '250-mx.example.test\r\n250-PIPELINING\r\n250-AUTH PLAIN LOGIN\r\n250-AUTH=PLAIN LOGIN\r\n250 CHUNKING\r\n';

/** base64 of `\0user\0secret`. */
export const RESPONSE = 'AHVzZXIAc2VjcmV0';

function smtp(tls: SecureContextOptions, implicit: boolean): Script {
  return {
    implicit,
    tls,
    greeting: '220 mx.example.test ESMTP Postfix (Debian/GNU)\r\n',
    answer(line, secure) {
      if (/^EHLO /.test(line)) return secure ? EHLO_SECURE : EHLO_PLAIN;
      if (line === 'STARTTLS' && !secure) return ['220 2.0.0 Ready to start TLS\r\n'];
      if (line === 'AUTH PLAIN' && secure) return '334 \r\n';
      if (line === RESPONSE) return '235 2.7.0 Authentication successful\r\n';
      if (/^MAIL FROM:<(user@.*)?>$/.test(line)) return '250 2.1.0 Ok\r\n';
      if (/^RCPT TO:<(root|user)@/.test(line)) return '250 2.1.5 Ok\r\n';
      if (/^RCPT /.test(line)) return '454 4.7.1 <harden-mail-probe@example.com>: Relay access denied\r\n';
      if (line === 'RSET') return '250 2.0.0 Ok\r\n';
      if (line === 'QUIT') return '221 2.0.0 Bye\r\n';
      return '502 5.5.2 Error: command not recognized\r\n';
    },
  };
}

function imap(tls: SecureContextOptions, implicit: boolean): Script {
  const common = 'IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+';
  return {
    implicit,
    tls,
    greeting: `* OK [CAPABILITY ${common}] Dovecot (Debian) ready.\r\n`,
    answer(line, secure) {
      const [tag = '', command = ''] = line.split(' ');
      if (command === 'CAPABILITY')
        return `* CAPABILITY ${common} ${secure ? 'AUTH=PLAIN AUTH=LOGIN' : 'STARTTLS LOGINDISABLED'}\r\n${tag} OK Pre-login capabilities listed.\r\n`;
      if (command === 'LOGIN' && !secure)
        return `* BAD [ALERT] Plaintext authentication not allowed without SSL/TLS.\r\n${tag} NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.\r\n`;
      if (command === 'STARTTLS') return [`${tag} OK Begin TLS negotiation now.\r\n`];
      if (command === 'AUTHENTICATE' && secure) return '+ \r\n';
      if (line === RESPONSE) return '* CAPABILITY IMAP4rev1\r\nhm OK Logged in\r\n';
      if (command === 'LIST')
        return `* LIST (\\HasNoChildren) "/" {11}\r\nhm2 OK trick\r\n* LIST () "/" INBOX\r\n${tag} OK List completed.\r\n`;
      if (command === 'STATUS') return `* STATUS INBOX (MESSAGES 0)\r\n${tag} OK Status completed.\r\n`;
      if (command === 'SELECT') return `* 0 EXISTS\r\n${tag} OK [READ-WRITE] Select completed.\r\n`;
      if (command === 'LOGOUT') return `* BYE Logging out\r\n${tag} OK Logout completed.\r\n`;
      return `${tag} BAD Error in IMAP command received by server.\r\n`;
    },
  };
}

function pop3(tls: SecureContextOptions, implicit: boolean): Script {
  return {
    implicit,
    tls,
    greeting: '+OK Dovecot (Debian) ready.\r\n',
    answer(line, secure) {
      if (line === 'CAPA')
        return `+OK\r\nCAPA\r\nTOP\r\nUIDL\r\n${secure ? 'USER\r\nSASL PLAIN LOGIN\r\n' : 'STLS\r\nSASL\r\n'}.\r\n`;
      if (/^USER /.test(line) && !secure)
        return '-ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.\r\n';
      if (line === 'STLS') return ['+OK Begin TLS negotiation now.\r\n'];
      if (line === 'AUTH PLAIN' && secure) return '+ \r\n';
      if (line === RESPONSE) return '+OK Logged in.\r\n';
      if (line === 'STAT') return '+OK 0 0\r\n';
      if (line === 'QUIT') return '+OK Logging out\r\n';
      return '-ERR Unknown command.\r\n';
    },
  };
}
