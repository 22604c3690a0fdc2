# shellcheck shell=sh
install -d -o vmail -g vmail /var/dovecot-index
