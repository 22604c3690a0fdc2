# shellcheck shell=sh
# A directory with two attributes of its own, which an entry may have.
rm -rf /var/lib/ldap/*
cat >/root/slapd.conf <<'END'
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.4203.666.1.1 NAME 'mailQuota' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.1.2 NAME 'mailHome' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.2.1 NAME 'mailPerson' SUP top AUXILIARY MAY ( mailQuota $ mailHome ) )
modulepath /usr/lib/ldap
moduleload back_ldif
database ldif
suffix dc=dir,dc=test
directory /var/lib/ldap
access to * by * read
END
cat >/root/people.ldif <<'END'
dn: dc=dir,dc=test
objectClass: dcObject
objectClass: organization
o: dir
dc: dir

dn: ou=people,dc=dir,dc=test
objectClass: organizationalUnit
ou: people

dn: uid=anna,ou=people,dc=dir,dc=test
objectClass: inetOrgPerson
objectClass: mailPerson
uid: anna
cn: anna
sn: anna
mail: anna@dir.test
displayName: Anna
mailQuota: 800
mailHome: /var/vmail/homes/anna
userPassword: river stone

dn: uid=ben,ou=people,dc=dir,dc=test
objectClass: inetOrgPerson
objectClass: mailPerson
uid: ben
cn: ben
sn: ben
mail: ben@dir.test
userPassword: open door
END
slapadd -f /root/slapd.conf -l /root/people.ldif
stub stub-directory slapd -d 0 -f /root/slapd.conf -h ldap://127.0.0.1/
up 389
[ "$STAGE" = new ] || sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
