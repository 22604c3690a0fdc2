#!/bin/sh
. /root/host/lib/setup.sh
place
unix_user alice 'tea at five'
start
up 25 587 993
