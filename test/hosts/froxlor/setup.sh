#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
place
vmail
systemctl restart mariadb
mariadb -e "CREATE DATABASE mail; CREATE USER mail@127.0.0.1 IDENTIFIED BY 'secret'; GRANT SELECT ON mail.* TO mail@127.0.0.1"
mariadb mail </root/schema.sql
sed -i '/^smtpd_tls_security_level/d' /etc/postfix/main.cf
sed -i 's#.address FROM mailboxes#&#' /etc/postfix/mysql/mailboxes.cf
sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
start
up 25 465 587 993 3306
