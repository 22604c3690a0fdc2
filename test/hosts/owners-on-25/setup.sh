#!/bin/sh
. /root/host/lib/setup.sh
place
unix_user alice 'tea at five'
unix_user bob builder
start
up 25 993
