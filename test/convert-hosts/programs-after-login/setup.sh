# shellcheck shell=sh
: >/var/vmail/postlogin
chown vmail:vmail /var/vmail/postlogin
[ "$STAGE" = new ] || chmod 755 /etc/dovecot/postlogin
