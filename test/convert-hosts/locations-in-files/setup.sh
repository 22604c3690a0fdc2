# shellcheck shell=sh
if [ "$STAGE" = old ]; then
  mkdir -p /var/vmail/carl/cur /var/vmail/carl/new /var/vmail/carl/tmp /var/vmail/index
  chown -R vmail:vmail /var/vmail
fi
