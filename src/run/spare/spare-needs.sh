# The parts of this machine that a rehearsal needs, one word and its value on each line. $packages: names of Debian packages. Read-only.
# shellcheck shell=sh disable=SC2154,SC2086
printf 'kernel %s\n' "$(uname -s)"
sed -n 's/^ID="\{0,1\}\([a-z]*\)"\{0,1\}$/system \1/p' /etc/os-release 2>/dev/null
unshare --mount --net --pid --fork true 2>/dev/null && echo 'namespaces yes'
printf 'node %s\n' "$(node --version 2>/dev/null)"
printf 'program %s\n' "$(harden-mail --version 2>/dev/null)"
dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages 2>/dev/null
printf 'machine %s\n' "$(cat /etc/machine-id /proc/sys/kernel/random/boot_id 2>/dev/null | tr '\n' ' ')"
exit 0
