# shellcheck shell=sh
[ "$STAGE" = new ] || chmod 755 /etc/dovecot/learn/learn
