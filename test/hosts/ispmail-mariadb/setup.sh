#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
place
vmail
systemctl restart mariadb
mariadb -e "CREATE DATABASE mail; CREATE USER mail@127.0.0.1 IDENTIFIED BY 'secret'; GRANT SELECT ON mail.* TO mail@127.0.0.1"
mariadb mail </root/schema.sql
sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
stub milter python3 "$lib"/milter.py 127.0.0.1:11332 rspamd
start
up 25 587 993 3306 11332
