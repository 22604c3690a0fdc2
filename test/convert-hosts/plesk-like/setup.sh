# shellcheck shell=sh
[ "$STAGE" = new ] || sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
