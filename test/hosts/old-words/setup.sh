#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
sed -i '/^smtpd*_tls_security_level/d' /etc/postfix/main.cf
place
authority
issue ec /root/relay.pem /root/relay.key relay.provider.test
cat /root/relay.key >>/root/relay.pem
stub secure python3 "$lib"/smtpstub.py sink --listen 127.0.0.1:2525 --keep /var/lib/sink --cert /root/relay.pem
stub partner python3 "$lib"/smtpstub.py sink --listen 127.0.0.1:2626 --keep /var/lib/sink

unix_user alice 'tea at five'
unix_user bob builder
start
up 25 587 993 2525 2626
