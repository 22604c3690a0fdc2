#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
postmulti -e init
postmulti -I postfix-users -G mta -e create
sed -i 's/^smtp *inet/#&/' /etc/postfix-users/master.cf
place
unix_user alice 'tea at five'
unix_user bob builder
postmulti -i postfix-users -e enable
start
systemctl restart dovecot
systemctl daemon-reload
systemctl start postfix@postfix-users
up 25 465 587 993
