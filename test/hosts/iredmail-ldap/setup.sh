#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
place
vmail
sed -i 's#^SLAPD_CONF=.*#SLAPD_CONF=/etc/ldap/slapd.conf#' /etc/default/slapd
install -d -o openldap -g openldap /var/lib/ldap-users
setpriv --reuid openldap --regid openldap --clear-groups slapadd -f /etc/ldap/slapd.conf -l /srv/users.ldif
systemctl restart slapd
stub policy python3 "$lib"/policy.py /etc/policy-owners.json 127.0.0.1:7777
stub policy-quota python3 "$lib"/policy.py /etc/policy-quota.json 127.0.0.1:12340
stub filter-in python3 "$lib"/smtpstub.py filter --listen 127.0.0.1:10024 --next 127.0.0.1:10025 --mark incoming
stub filter-users python3 "$lib"/smtpstub.py filter --listen 127.0.0.1:10026 --next 127.0.0.1:10025 --mark users
sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
start
up 25 587 993 4190 389 7777 10024 10025 10026
