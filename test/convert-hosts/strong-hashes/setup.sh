# shellcheck shell=sh
install -d -o vmail -g vmail /srv/public
echo 'anyone lrwstipekxa' >/srv/public/dovecot-acl
