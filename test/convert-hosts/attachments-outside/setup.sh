# shellcheck shell=sh
install -d -m 1777 /var/attachments
