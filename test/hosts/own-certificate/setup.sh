#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
authority
issue rsa /etc/ssl/bought/fullchain.pem /etc/ssl/bought/key.pem mail.bought.test imap.bought.test smtp.bought.test bought.test
place
unix_user alice 'tea at five'
unix_user bob builder
start
up 25 587 993
