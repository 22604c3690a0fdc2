# shellcheck shell=sh
if [ "$STAGE" = old ]; then
  mkdir /etc/dovecot/crypt
  for name in older newer; do
    openssl ecparam -name prime256v1 -genkey 2>/dev/null | openssl pkey -out /etc/dovecot/crypt/$name.pem
    openssl pkey -in /etc/dovecot/crypt/$name.pem -pubout -out /etc/dovecot/crypt/$name.pub
  done
  chmod 600 /etc/dovecot/crypt/*.pem
  # A first mail with the older key.
  sed '/key2/d; s/newer[.]/older./' /etc/dovecot/dovecot.conf >/etc/dovecot/older.conf
  dovecot -c /etc/dovecot/older.conf
  doveadm -c /etc/dovecot/older.conf mailbox create -u anna@one.test Older
  printf 'Subject: old\n\nold words of old\n' | doveadm -c /etc/dovecot/older.conf save -u anna@one.test -m Older
  doveadm -c /etc/dovecot/older.conf stop
  rm /etc/dovecot/older.conf
fi
