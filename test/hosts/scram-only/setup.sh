#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
place
unix_user alice 'of no use'
unix_user carol 'down the hole'
chgrp dovecot /etc/dovecot/users
chmod 640 /etc/dovecot/users
start
up 25 587 993
