# The conditions for an apply on a host, apart from its configuration: one word and its value on each line. Read-only.
# shellcheck shell=sh
printf 'way %s\n' "${SUDO_USER:+sudo}${DOAS_USER:+doas}"
for program in base64 cmp flock ip mktemp sha256sum ss stat sync; do
  command -v "$program" >/dev/null || printf 'missing %s\n' "$program"
done
[ -d "$SYSTEMD" ] || printf 'missing %s\n' systemd
for folder in /etc /var/lib; do
  findmnt -nro OPTIONS -T "$folder" | grep -qE '(^|,)ro(,|$)' && printf 'readonly %s\n' "$folder"
  printf 'free %s %s\n' "$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')" "$folder"
done
lslocks -nro COMMAND,PID,PATH 2>/dev/null | sed -n 's, /var/lib/dpkg/lock-frontend$,,p' | sed 's/^/apt /'
dpkg --audit | sed -n 's/^ \([a-z0-9][^ ]*\).*/unfinished \1/p'
exit 0
