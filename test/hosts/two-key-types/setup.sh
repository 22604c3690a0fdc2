#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
place
authority
issue ec /etc/ssl/mail/ec.pem /etc/ssl/mail/ec.key mail.twokeys.test imap.twokeys.test smtp.twokeys.test
issue rsa /etc/ssl/mail/rsa.pem /etc/ssl/mail/rsa.key mail.twokeys.test imap.twokeys.test smtp.twokeys.test

unix_user alice 'tea at five'
unix_user bob builder
start
up 25 587 465 993
