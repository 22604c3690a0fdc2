#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
place
sed -i 's/^smtp      inet/#&/' /etc/postfix/master.cf
unix_user alice 'tea at five'
unix_user bob builder
start
up 25 993
