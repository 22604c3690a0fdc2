/** What lies under /etc/letsencrypt, as data. Shell, where $LIVE is the folder of the host's name and $NAME that name. */

import type { Bad } from './bad-input.cases.ts';

/** A certificate that somebody made by hand: there is nothing that certbot knows of. */
export const BY_HAND = `
  certificate() { # NAME FOLDER
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$1" \\
      -addext "subjectAltName=DNS:$1" -keyout "$2/privkey.pem" -out "$2/fullchain.pem" 2>/dev/null
  }`;

/** What no client would take, or what no daemon can: another one is to be had, as if there were none. */
export const NO_CERTIFICATE: Readonly<Record<string, string>> = {
  'the certificate is for another name': 'certificate www.example.test $LIVE',
  'the key belongs to another certificate':
    'mkdir -p /root/other; certificate $NAME /root/other; cat /root/other/privkey.pem >$LIVE/privkey.pem',
  'the key file is cut short': 'truncate -s 100 $LIVE/privkey.pem',
  'the key has a password': `openssl pkey -aes256 -passout pass:secret -in $LIVE/privkey.pem -out /root/key
    cat /root/key >$LIVE/privkey.pem`,
  'the key file is a link to a missing file': 'ln -sf /mnt/keys/mail.pem $LIVE/privkey.pem',
  // Its first day is today all the same: openssl cannot date back.
  'the certificate has expired': `openssl x509 -in $LIVE/fullchain.pem -signkey $LIVE/privkey.pem -days -1 -out /root/expired 2>/dev/null
    cat /root/expired >$LIVE/fullchain.pem`,
};

const AS_BEFORE = { exit: 1, todo: /Mail works as before/ };

/** Each ends with a cause and a next step, and nothing is left of it. There is no certificate to begin with. */
export const NOT_TO_BE_HAD: readonly Required<Omit<Bad, 'flags'>>[] = [
  {
    ...AS_BEFORE,
    what: 'the disk is full after the authority has issued the certificate',
    says: /certbot got no certificate for mx\S+: the disk is full \(No space left on device\)$/,
    spoil: 'mkdir -p /etc/letsencrypt/archive; mount -t tmpfs -o size=4k tmpfs /etc/letsencrypt/archive',
    mend: 'umount /etc/letsencrypt/archive',
  },
  {
    ...AS_BEFORE,
    what: 'a firewall rejects connections to port 80',
    says: /: the authority did not reach port 80: .*refused/,
    // A new account: of one that has shown the name to be its own lately, the authority may not ask again.
    spoil: `rm -rf /etc/letsencrypt/accounts
      nft add table inet e2e
      nft add chain inet e2e input '{ type filter hook input priority 0; }'
      nft add rule inet e2e input tcp dport 80 reject with tcp reset`,
    mend: 'nft delete table inet e2e',
  },
  {
    ...AS_BEFORE,
    what: 'the host cannot reach the authority',
    says: /: the authority at [\d.]+ cannot be reached from the host \(Connection refused\)$/,
    spoil: `nft add table inet e2e
      nft add chain inet e2e output '{ type filter hook output priority 0; }'
      nft add rule inet e2e output tcp dport 14000 reject with tcp reset`,
    mend: 'nft delete table inet e2e',
  },
  {
    ...AS_BEFORE,
    what: 'the host does not trust the HTTPS certificate of the authority',
    says: /: the host does not trust the authority at [\d.]+:14000 \(certificate verify failed/,
    spoil: `cp -a /etc/ssl/certs/ca-certificates.crt /root/bundle
      cat /etc/ssl/certs/ssl-cert-snakeoil.pem >/etc/ssl/certs/ca-certificates.crt`,
    mend: 'cat /root/bundle >/etc/ssl/certs/ca-certificates.crt',
  },
  {
    ...AS_BEFORE,
    what: 'another certbot is running',
    says: /: another certbot is at work on the host$/,
    // The real lock, held as certbot holds it.
    spoil: `systemd-run -q --unit e2e-lock python3 -c 'import fcntl, time
file = open("/etc/letsencrypt/.certbot.lock", "w"); fcntl.lockf(file, fcntl.LOCK_EX); open("/run/e2e-lock", "w"); time.sleep(600)'
      until [ -e /run/e2e-lock ]; do sleep 0.05; done`,
    mend: 'systemctl stop e2e-lock; rm /run/e2e-lock',
  },
];
