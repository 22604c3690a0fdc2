#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
stub milter python3 "$lib"/milter.py 127.0.0.1:11332 rspamd
place
unix_user alice 'tea at five'
unix_user bob builder
start
up 25 587 993 11332
