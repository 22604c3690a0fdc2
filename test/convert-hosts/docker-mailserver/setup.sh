# shellcheck shell=sh
[ "$STAGE" = new ] || chmod 755 /etc/dovecot/learn/learn
[ "$STAGE" = new ] || sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
