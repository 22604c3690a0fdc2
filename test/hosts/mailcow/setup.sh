#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
sed -i 's/^smtp      inet/#&/' /etc/postfix/master.cf
stub milter python3 "$lib"/milter.py 127.0.0.1:9900 rspamd
place
vmail
sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
chgrp dovecot /etc/dovecot/users
chmod 640 /etc/dovecot/users
start
up 25 465 587 993 4190 9900
