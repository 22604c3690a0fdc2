#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
install -d -o nobody /var/lib/lists
place
unix_user alice 'tea at five'
unix_user bob builder
chmod 755 /usr/local/bin/list-post
start
up 25 587 993
