#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
place
vmail
systemctl restart slapd
up 389
service_pw=$(slappasswd -s admin)
ldapmodify -Q -Y EXTERNAL -H ldapi:/// >/dev/null <<EOF
dn: olcDatabase={1}mdb,cn=config
changetype: modify
replace: olcSuffix
olcSuffix: dc=ired,dc=test
-
replace: olcRootDN
olcRootDN: cn=admin,dc=ired,dc=test
-
replace: olcRootPW
olcRootPW: $service_pw
-
replace: olcAccess
olcAccess: to attrs=userPassword by anonymous auth by * none
olcAccess: to * by * read
EOF
ldapadd -x -D cn=admin,dc=ired,dc=test -w admin -H ldap://127.0.0.1 >/dev/null <<EOF
dn: dc=ired,dc=test
objectClass: dcObject
objectClass: organization
dc: ired
o: ired
EOF
ldapadd -x -D cn=admin,dc=ired,dc=test -w admin -H ldap://127.0.0.1 -f /root/users.ldif >/dev/null
stub policy python3 "$lib"/policy.py /etc/policy-owners.json 127.0.0.1:7777
stub policy-quota python3 "$lib"/policy.py /etc/policy-quota.json 127.0.0.1:12340
stub filter-in python3 "$lib"/smtpstub.py filter --listen 127.0.0.1:10024 --next 127.0.0.1:10025 --mark incoming
stub filter-users python3 "$lib"/smtpstub.py filter --listen 127.0.0.1:10026 --next 127.0.0.1:10025 --mark users
sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
start
up 25 587 993 4190 389 7777 10024 10025 10026
