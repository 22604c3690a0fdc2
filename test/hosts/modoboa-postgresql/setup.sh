#!/bin/sh
# shellcheck source-path=SCRIPTDIR source=../lib/setup.sh
. /root/host/lib/setup.sh
place
vmail
systemctl restart postgresql
su postgres -c "psql -qc \"CREATE USER mail PASSWORD 'secret'\" -c 'CREATE DATABASE mail OWNER mail'"
PGPASSWORD=secret psql -q -h 127.0.0.1 -U mail mail </root/schema.sql
stub policy python3 "$lib"/policy.py /etc/policy-limits.json 127.0.0.1:9999
sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
start
up 25 465 587 993 4190 9999
