#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
sed -i 's/^smtp      inet/#&/' /etc/postfix/master.cf
stub filter-in python3 "$lib"/smtpstub.py filter --listen 127.0.0.1:10024 --next 127.0.0.1:10025 --mark incoming
stub filter-users python3 "$lib"/smtpstub.py filter --listen 127.0.0.1:10026 --next 127.0.0.1:10025 --mark users
place
unix_user alice 'tea at five'
unix_user bob builder
start
up 25 587 993 10024 10025 10026
