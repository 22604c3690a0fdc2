#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
place
vmail
sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
chgrp dovecot /etc/dovecot/users
chmod 640 /etc/dovecot/users
start
up 25 587 993
