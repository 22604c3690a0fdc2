# Reads everything that a plan needs, in one go; writes nothing. POSIX sh with Debian's essential tools.
# Output: sections, each a line "@NAME BYTES" followed by that many bytes and a line feed.
# shellcheck shell=sh
LC_ALL=C TZ=UTC PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL TZ PATH

section() { # NAME TEXT
  printf '@%s %s\n%s\n' "$1" "${#2}" "$2"
}

packages='postfix dovecot-core dovecot-imapd dovecot-pop3d certbot'

# Files that Dovecot may include, seen from the files that say so: "FILE:!include PATTERN".
includes() {
  grep -rHs '^[[:space:]]*!include' /etc/dovecot --include='*.conf' | while IFS= read -r hit; do
    from=${hit%%:*}
    # Unquoted on purpose: the pattern is to be expanded.
    # shellcheck disable=SC2086
    set -- ${hit#*:}
    case ${2-} in
      /*) pattern=$2 ;;
      '') continue ;;
      *) pattern=${from%/*}/$2 ;;
    esac
    for file in $pattern; do [ -f "$file" ] && printf '%s\n' "$file"; done
  done
}

list() {
  printf '%s\n' /etc/postfix/main.cf /etc/postfix/master.cf /etc/dovecot/dovecot.conf \
    /etc/letsencrypt/renewal-hooks/deploy/harden-mail /etc/letsencrypt/live/*/fullchain.pem
  [ -d /etc/dovecot ] && includes
}

# The files themselves: names, what stat says of each, digests, and all bytes one after the other.
files() {
  newline='
'
  found=$(list | sort -u)
  set --
  while [ -n "$found" ]; do
    file=${found%%"$newline"*}
    [ -f "$file" ] && set -- "$@" "$file"
    case $found in *"$newline"*) found=${found#*"$newline"} ;; *) found= ;; esac
  done
  [ $# -gt 0 ] || return 0
  section stat "$(stat -L -c '%a %U:%G %s %Z %n' -- "$@")"
  section targets "$(readlink -f -- "$@")"
  section digests "$(sha256sum -- "$@" | cut -c 1-64)"
  bytes=$(stat -L -c %s -- "$@" | { n=0; while read -r size; do n=$((n + size)); done; echo "$n"; })
  printf '@bytes %s\n' "$bytes"
  cat -- "$@"
  printf '\n'
}

section os "$(cat /etc/os-release)"
section now "$(date +%s)"
# shellcheck disable=SC2016,SC2086
installed=$(dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' $packages 2>/dev/null)
section packages "$installed"
missing=$(
  for package in $packages; do
    printf '%s\n' "$installed" | {
      while read -r name _ status; do [ "$name $status" = "$package installed" ] && exit 0; done
      printf '%s ' "$package"
    }
  done
)
# shellcheck disable=SC2086
[ -z "$missing" ] || section simulation "$(apt-get -s -q -o Debug::NoLocking=1 install $missing 2>&1)"
if command -v postconf >/dev/null; then
  section postconf "$(postconf -x myhostname queue_directory 2>/dev/null)"
  section maps "$(postconf -m 2>/dev/null)"
fi
section hostname "$(hostname -f 2>/dev/null || hostname)"
section services "$(getent services smtps submissions)"
section listeners "$(ss -Hltnp 2>/dev/null)"
section units "$(systemctl show -p Id -p ActiveState -p ActiveEnterTimestamp -p ExecReload -p LoadState \
  postfix.service postfix@-.service dovecot.service 2>/dev/null)"
keys=
for directory in /etc/letsencrypt/live/*/; do
  [ -f "${directory}privkey.pem" ] && keys="$keys$directory
"
done
section keys "$keys"
files
section end ''
