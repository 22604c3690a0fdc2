#!/bin/sh
sed -n "s/^Subject: /ham /p" >>/var/vmail/learnt
