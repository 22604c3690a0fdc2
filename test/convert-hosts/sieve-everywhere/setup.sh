# shellcheck shell=sh
for name in piped executed; do
  : >/var/vmail/$name
  chown vmail:vmail /var/vmail/$name
done
[ "$STAGE" = new ] || chmod -R a+rX,u+w /etc/dovecot/sieve
[ "$STAGE" = new ] || chmod 755 /etc/dovecot/sieve/*/note /etc/dovecot/sieve/*/shout
[ "$STAGE" = new ] || chown -R vmail:vmail /etc/dovecot/sieve
