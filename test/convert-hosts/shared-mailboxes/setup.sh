# shellcheck shell=sh
install -d -o vmail -g vmail /var/vmail/public/.News
echo 'authenticated lrwstipekxa' >/var/vmail/public/.News/dovecot-acl
chown vmail:vmail /var/vmail/public/.News/dovecot-acl
