# shellcheck shell=sh
stub stub-tokens --setenv=PASSWORDS='{}' --setenv=QUERY='realm=a%20b' python3 /root/host/sessions/tokens.py
up 8080
