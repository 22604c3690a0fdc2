#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
place
vmail
sqlite3 /var/vmail/users.sqlite </root/schema.sql
chmod 755 /var/vmail
chown vmail:vmail /var/vmail/users.sqlite
sed -i 's/^smtp      inet  n       -       y/smtp      inet  n       -       n/' /etc/postfix/master.cf
sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
start
up 25 993
