#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
sed -i 's/^smtp      inet/#&/' /etc/postfix/master.cf
stub filter-users python3 "$lib"/smtpstub.py filter --listen 127.0.0.1:10080 --next 127.0.0.1:10025 --mark encrypted
stub filter-in python3 "$lib"/smtpstub.py filter --listen 127.0.0.1:10081 --next 127.0.0.1:10026 --mark incoming
place
vmail
sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
chgrp dovecot /etc/dovecot/users
chmod 640 /etc/dovecot/users
start
up 25 465 587 993 10025 10080
