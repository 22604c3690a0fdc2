# shellcheck shell=sh
if [ "$STAGE" = old ]; then
  mkdir /etc/dovecot/crypt
  openssl ecparam -name prime256v1 -genkey 2>/dev/null | openssl pkey -out /etc/dovecot/crypt/ecprivkey.pem
  openssl pkey -in /etc/dovecot/crypt/ecprivkey.pem -pubout -out /etc/dovecot/crypt/ecpubkey.pem
  chown -R vmail /etc/dovecot/crypt
fi
