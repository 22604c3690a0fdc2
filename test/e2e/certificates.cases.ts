/** What lies under /etc/letsencrypt, as data. Shell, where $LIVE is the folder of the host's name and $NAME that name. */

/** A certificate that somebody made by hand: there is nothing that certbot knows of. */
export const BY_HAND = `
  certificate() { # NAME FOLDER
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$1" \\
      -addext "subjectAltName=DNS:$1" -keyout "$2/privkey.pem" -out "$2/fullchain.pem" 2>/dev/null
  }`;

/** What no client would take, or what no daemon can: another one is to be had, as if there were none. */
export const NO_CERTIFICATE: Readonly<Record<string, string>> = {
  'one for another name': 'certificate www.example.test $LIVE',
  'the key of another certificate':
    'mkdir -p /root/other; certificate $NAME /root/other; cat /root/other/privkey.pem >$LIVE/privkey.pem',
  'a key that was cut short': 'truncate -s 100 $LIVE/privkey.pem',
  'a key under a password': `openssl pkey -aes256 -passout pass:secret -in $LIVE/privkey.pem -out /root/key
    cat /root/key >$LIVE/privkey.pem`,
  'a key that is a link to nowhere': 'ln -sf /mnt/keys/mail.pem $LIVE/privkey.pem',
  // Its first day is today all the same: openssl cannot date back.
  'one that has expired': `openssl x509 -in $LIVE/fullchain.pem -signkey $LIVE/privkey.pem -days -1 -out /root/expired 2>/dev/null
    cat /root/expired >$LIVE/fullchain.pem`,
};
