/** What is wrong on a host while its configuration is not, as data; each with what the command must end with. */

import type { Bad } from './bad-input.cases.ts';

export type Condition = Required<Pick<Bad, 'what' | 'exit' | 'says' | 'todo' | 'spoil' | 'mend'>>;

/** Shell: the certificate that each case starts with. $LIVE is the lineage's folder, $NAME the host's name. */
export const BY_HAND = `
  certificate() { # NAME FOLDER: self-signed, by hand: there is nothing that certbot knows of
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$1" \\
      -addext "subjectAltName=DNS:$1" -keyout "$2/privkey.pem" -out "$2/fullchain.pem" 2>/dev/null
  }`;

/** Shell: doveconf has nothing to say to it. */
export const LISTEN_ELSEWHERE =
  "printf 'service imap-login {\\n inet_listener imaps {\\n  address = 203.0.113.9\\n }\\n}\\n' >/etc/dovecot/conf.d/99-own.conf";
export const LISTEN_AS_BEFORE = 'rm /etc/dovecot/conf.d/99-own.conf';

const TRY_AGAIN = { exit: 5, todo: /Fix the cause and run again/ };

/** doveconf is content with all of them; to be started, as a Dovecot that is stopped must be, is another thing. */
export const DOVECOT_WILL_NOT_START: readonly Condition[] = [
  {
    ...TRY_AGAIN,
    what: 'Dovecot listens on an address that the host does not have',
    says: /was put back as it was \(at activate-dovecot\): .*203\.0\.113\.9, 993\) failed: Cannot assign requested address/,
    spoil: `systemctl stop dovecot; ${LISTEN_ELSEWHERE}`,
    mend: LISTEN_AS_BEFORE,
  },
  {
    ...TRY_AGAIN,
    // Meanwhile, as on every host that is in use, a client connects to port 25: an smtpd that cannot ask Dovecot dies,
    // and Postfix starts no other for a minute, unless something is done about it.
    what: 'a drop-in of the Dovecot unit fails while a client connects to port 25',
    says: /was put back as it was \(at activate-dovecot\): .*the mail store is not mounted/,
    spoil: `systemctl stop dovecot
      cat >/usr/local/sbin/mail-store <<'END'
#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/25
sleep 1
echo 'the mail store is not mounted' >&2
exit 7
END
      chmod +x /usr/local/sbin/mail-store
      mkdir /etc/systemd/system/dovecot.service.d
      printf '[Service]\\nExecStartPre=/usr/local/sbin/mail-store\\n' >/etc/systemd/system/dovecot.service.d/own.conf
      systemctl daemon-reload`,
    mend: `rm -r /etc/systemd/system/dovecot.service.d
      systemctl daemon-reload
      systemctl restart postfix@-`,
  },
];
