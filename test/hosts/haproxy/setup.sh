#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
sed -i 's/^smtp      inet/#&/' /etc/postfix/master.cf
place
unix_user alice 'tea at five'
unix_user bob builder
start
up 25 587 993
