#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
place
for name in known unknown; do
  self_signed /root/$name.pem /root/$name.key $name
  cat /root/$name.key >>/root/$name.pem
done
print=$(openssl x509 -in /root/known.pem -noout -fingerprint -sha256 | sed 's/.*=//')
echo "$print known" >/etc/postfix/known-clients

unix_user alice 'tea at five'
unix_user bob builder
start
up 25 587 993
