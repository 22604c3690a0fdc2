# shellcheck shell=sh
stub stub-tokens --setenv=PASSWORDS='{"anna": "river stone", "ben": "open door"}' python3 /root/host/sessions/tokens.py
up 8080
