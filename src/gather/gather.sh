# Reads everything that a plan needs, in one go; writes nothing. POSIX sh with Debian's essential tools.
# Output: sections, each a line "@NAME BYTES" followed by that many bytes and a line feed.
# shellcheck shell=sh
LC_ALL=C TZ=UTC PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL TZ PATH

section() { # NAME TEXT
  printf '@%s %s\n%s\n' "$1" "${#2}" "$2"
}

packages='postfix dovecot-core dovecot-imapd dovecot-pop3d certbot'

newline='
'

# What Dovecot opens, from dovecot.conf on: each level of includes in one look. May be more than that, never less.
dovecot() {
  level=/etc/dovecot/dovecot.conf
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -n "$level" ] || break
    printf '%s\n' "$level"
    level=$(included "$level" | sort -u)
  done
}

included() { # FILES, a line each: prints the files that their "!include" lines name, and those of databases
  IFS=$newline
  # Unquoted on purpose: names are parted at line ends, and a pattern is expanded, here as there. {a,b} becomes *.
  # shellcheck disable=SC2046,SC2086
  for file in $(
    set -f
    awk '/^[ \t]*!include/ {
      sub(/^[ \t]*!include(_try)?[ \t]*/, ""); sub(/[ \t\r]*(#.*)?$/, ""); gsub(/[{][^}]*[}]/, "*")
      folder = FILENAME; sub(/[^\/]*$/, "", folder)
      print ($0 ~ /^\// ? "" : folder) $0
    }
    # Settings of Dovecot 2.3 that stand in files of their own, which 2.4 has with all others: dovecot-sql.conf.ext and the like.
    /^[ \t]*(args|trash)[ \t]*=[ \t]*\/[^ \t#]*[.]conf([.]ext)?[ \t\r]*(#.*)?$/ {
      sub(/^[^\/]*/, ""); sub(/[ \t\r]*(#.*)?$/, "")
      print
    }' $1 2>/dev/null
  ); do
    [ -f "$file" ] && printf '%s\n' "$file"
  done
}

list() {
  printf '%s\n' /etc/postfix/main.cf /etc/postfix/master.cf \
    /etc/letsencrypt/renewal-hooks/deploy/harden-mail /etc/letsencrypt/live/*/fullchain.pem
  dovecot
}

# The files themselves: names, what stat says of each, digests, and all bytes one after the other.
files() {
  found=$(list | sort -u)
  set --
  while [ -n "$found" ]; do
    file=${found%%"$newline"*}
    [ -f "$file" ] && set -- "$@" "$file"
    case $found in *"$newline"*) found=${found#*"$newline"} ;; *) found= ;; esac
  done
  [ $# -gt 0 ] || return 0
  stats=$(stat -L -c '%s %a %Z %U:%G %n' -- "$@")
  section stat "$stats"
  section targets "$(readlink -f -- "$@")"
  # Of a name with a backslash in it the line begins with one.
  section digests "$(sha256sum -- "$@" | sed 's/^\\//; s/ .*//')"
  bytes=0
  while read -r size _; do bytes=$((bytes + size)); done <<END
$stats
END
  printf '@bytes %s\n' "$bytes"
  cat -- "$@"
  printf '\n'
}

section os "$(cat /etc/os-release)"
# Who holds the lock of a transaction; a file that nobody holds is a leftover.
busy() {
  [ ! -e /run/harden-mail.lock ] || flock -n /run/harden-mail.lock true || cat /run/harden-mail.lock
}
section busy "$(busy 2>/dev/null)"
# Transactions that did not come to their end: the word in state tells how far they came.
unfinished() {
  for file in /var/lib/harden-mail/tx/2*/state; do
    read -r state <"$file" || continue
    case $state in journaled | swapping | swapped | awaiting | restoring) file=${file%/state}; printf '%s %s\n' "${file##*/}" "$state" ;; esac
  done
}
section unfinished "$(unfinished 2>/dev/null)"
section now "$(date +%s)"
# shellcheck disable=SC2016,SC2086
installed=$(dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' $packages 'dovecot-*' 2>/dev/null)
section packages "$installed"
there=' '
while read -r name _ status; do [ "$status" = installed ] && there="$there$name "; done <<END
$installed
END
missing=
for name in $packages; do
  case $there in *" $name "*) ;; *) missing="$missing $name" ;; esac
done
# shellcheck disable=SC2086
[ -z "$missing" ] || section simulation "$(apt-get -s -q -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= install $missing 2>&1)"
if command -v postconf >/dev/null; then
  section postconf "$(postconf -x myhostname queue_directory 2>/dev/null)"
  section maps "$(postconf -m 2>/dev/null)"
fi
section hostname "$(hostname -f 2>/dev/null || hostname)"
section services "$(getent services smtps submissions)"
section listeners "$(ss -Hltnp 2>/dev/null)"
section units "$(systemctl show -p Id -p ActiveState -p ActiveEnterTimestamp -p ExecReload -p LoadState -p UnitFileState \
  postfix.service postfix@-.service dovecot.service certbot.timer 2>/dev/null)"
# The public half of each key that there is: the certificate's, or not. One cut short or under a password gives none.
keys() {
  for folder in /etc/letsencrypt/live/*/; do
    [ -f "${folder}privkey.pem" ] || continue
    printf '%s\n' "$folder"
    if command -v openssl >/dev/null; then openssl pkey -passin pass: -pubout -in "${folder}privkey.pem"; else echo unknown; fi
  done 2>/dev/null
}
section keys "$(keys)"
# Names that certbot could not give to a new certificate, and those that it can renew: each part is a link of its own.
lineages() {
  for file in /etc/letsencrypt/renewal/*.conf /etc/letsencrypt/live/*/ /etc/letsencrypt/archive/*/; do
    [ -e "$file" ] || continue
    name=${file%/} name=${name##*/} name=${name%.conf}
    printf 'taken %s\n' "$name"
    [ "${file%.conf}" != "$file" ] || continue
    how=unknown
    while read -r word _ value; do [ "$word" != authenticator ] || how=$value; done <"$file"
    for part in cert chain fullchain privkey; do
      file=/etc/letsencrypt/live/$name/$part.pem
      { [ -L "$file" ] && [ -f "$file" ]; } || continue 2
    done
    printf 'own %s %s\n' "$name" "$how"
  done
}
section lineages "$(lineages)"
files
section end ''
