#!/bin/sh
sed -n "s/^Subject: /spam /p" >>/var/vmail/learnt
