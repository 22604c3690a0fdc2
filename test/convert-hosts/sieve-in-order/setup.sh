# shellcheck shell=sh
: >/var/vmail/marks
chown vmail:vmail /var/vmail/marks
[ "$STAGE" = new ] || chmod 755 /etc/dovecot/mark/*
[ "$STAGE" = new ] || chown vmail:vmail /etc/dovecot /etc/dovecot/*.sieve
