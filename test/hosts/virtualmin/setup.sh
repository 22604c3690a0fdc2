#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
place
unix_user carol 'not this one'
postmap /etc/postfix/virtual
adduser --quiet postfix sasl
mkdir -p /var/spool/postfix/var/run/saslauthd
chown root:sasl /var/spool/postfix/var/run/saslauthd
chmod 710 /var/spool/postfix/var/run/saslauthd
stub saslauthd-postfix saslauthd -d -a pam -m /var/spool/postfix/var/run/saslauthd

unix_user alice 'tea at five'
unix_user bob builder
start
up 25 465 587 993
