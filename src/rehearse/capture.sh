# Reads what a copy of this mail host needs, in one run; writes nothing. POSIX sh with Debian's essential tools.
# Output: sections, each a line "@NAME BYTES" followed by that many bytes and a line feed.
# A file that contains a private key, /etc/shadow and binary files are never part of the output: their names are.
# shellcheck shell=sh disable=SC2154 # $extra and the paths are set by the lines before
LC_ALL=C TZ=UTC PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL TZ PATH
# Larger files are lists or mail, and not configuration.
largest=262144

section() { # NAME TEXT
  printf '@%s %s\n%s\n' "$1" "${#2}" "$2"
}

# The absolute paths in the text of files; a path ends before a variable.
paths_in() { # FILES
  grep -hoE '/[A-Za-z0-9][A-Za-z0-9._@+/-]*' -- "$@" 2>/dev/null | sed 's,/*$,,' | sort -u
}

own_files() {
  find "$POSTFIX" "$DOVECOT" -xdev \( -type f -o -type l \) ! -name '*.dpkg-*' ! -name '*.ucf-*' 2>/dev/null
  printf '%s\n' "$extra" /etc/aliases /etc/mailname
  for file in /etc/pam.d/dovecot /etc/pam.d/smtp /etc/pam.d/imap /etc/pam.d/pop3 /etc/pam.d/saslauthd \
    /etc/default/dovecot /etc/default/postfix /etc/default/saslauthd \
    "$UNITS"/postfix*.d/*.conf "$UNITS"/dovecot*.d/*.conf "$RENEWAL"/*.conf; do
    printf '%s\n' "$file"
  done
}

# Prints the kind of a file, as the control machine needs to know it.
kind() { # FILE
  case $1 in
    */shadow | */shadow- | */gshadow | */gshadow- | */sudoers | */.ssh/* | */ssh_host_*) echo forbidden; return ;;
    "$DEPLOY_HOOK" | "$STORE"/*) echo text; return ;;
    *.db | *.lmdb | *.cdb | *.pag | *.dir) echo index; return ;;
  esac
  if grep -q -e '-----BEGIN .*\(PRIVATE KEY\|CERTIFICATE\)' -- "$1"; then echo pem
  elif [ "$(stat -L -c %s -- "$1")" -gt $largest ]; then echo large
  elif [ -s "$1" ] && ! grep -qI . -- "$1"; then echo binary
  elif grep -q LS0tLS1CRUdJTi -- "$1"; then echo keys # PEM in base64, as postmap -F writes it
  elif case $1 in /usr/* | /bin/* | /sbin/* | /lib*) true ;; *) [ -x "$1" ] && head -c 2 -- "$1" | grep -q '^#!' ;; esac; then echo program
  else echo text
  fi
}

# MODE OWNER:GROUP PATH for each directory on the way to a path, and the type of what a path names.
skeleton() {
  while read -r path; do
    case $path in /proc/* | /sys/* | /dev/* | /usr/* | /bin | /bin/* | /sbin | /sbin/* | /lib*) continue ;; esac
    [ -d "$path" ] || path=${path%/*}
    while [ -n "$path" ]; do
      [ ! -d "$path" ] || stat -L -c 'd %a %U:%G %n' -- "$path"
      path=${path%/*}
    done
  done | sort -u -k 4
}

pem() { # FILE
  printf 'file %s\n' "$1"
  [ ! -L "$1" ] || printf 'link %s\n' "$(readlink -- "$1")"
  stat -L -c 'mode %a %U:%G' -- "$1"
  awk '/^-----BEGIN /{ block = ""; ours = /^-----BEGIN CERTIFICATE-----/ }
    ours { block = block $0 "\n" }
    /^-----END /{ if (ours && /^-----END CERTIFICATE-----/) printf "%s", block; ours = 0 }' "$1"
  n=0
  count=$(grep -c -e '^-----BEGIN .*PRIVATE KEY-----' -- "$1")
  while [ $n -lt "$count" ] && [ $n -lt 9 ]; do
    n=$((n + 1))
    echo key
    # The public half; nothing of the key itself is printed.
    awk -v n=$n '/^-----BEGIN .*PRIVATE KEY-----/{ i++ } i == n; /^-----END .*PRIVATE KEY-----/{ if (i == n) exit }' "$1" |
      openssl pkey -passin pass: -pubout 2>/dev/null || echo unknown
  done
}

all=$(own_files | sort -u)
# The files of the daemons, one after the other, for the paths that they name.
set --
while read -r file; do [ -f "$file" ] && [ -r "$file" ] && [ "$(kind "$file")" = text ] && set -- "$@" "$file"; done <<END
$all
END
# The command lines of saslauthd: Postfix asks it about passwords through a socket, and no port shows it.
saslauthd=$(grep -lx saslauthd /proc/[0-9]*/comm 2>/dev/null | while read -r comm; do tr '\0' ' ' <"${comm%comm}cmdline"; echo; done | sort -u)
named=$(
  paths_in "$@"
  printf '%s\n' "$saslauthd" | grep -oE ' -m */[^ ]+' | sed 's/^ -m *//'
)
texts='' pems='' others=''
newline='
'
while read -r file; do
  { [ -f "$file" ] && [ -r "$file" ]; } || continue
  case $file in /proc/* | /sys/* | /dev/* | /var/log/* | /etc/passwd | /etc/group) continue ;; esac
  is=$(kind "$file")
  case $is in
    text) case $file in /usr/share/*) ;; *) texts="$texts$file$newline" ;; esac ;;
    pem) case $file in */ca-certificates.crt) ;; *) pems="$pems$file$newline" ;; esac ;;
    forbidden | index) ;;
    program) case $file in /usr/share/*) ;; *) dpkg-query -S "$file" >/dev/null 2>&1 || others="$others$is $file$newline" ;; esac ;;
    *) dpkg-query -S "$file" >/dev/null 2>&1 || others="$others$is $file$newline" ;;
  esac
done <<END
$(printf '%s\n%s\n' "$all" "$named" | grep . | sort -u; ls "$LIVE"/*/*.pem 2>/dev/null)
END

set --
while read -r file; do [ -z "$file" ] || set -- "$@" "$file"; done <<END
$texts
END
section hostname "$(hostname -f 2>/dev/null || hostname)"
section users "$(awk -F: '{ print $1 ":" $3 ":" $4 ":" $6 ":" $7 }' /etc/passwd)"
section groups "$(awk -F: '{ print $1 ":" $3 ":" $4 }' /etc/group)"
# shellcheck disable=SC2016
section packages "$(dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\n' 2>/dev/null | sed -n 's/^ii  *//p')"
# shellcheck disable=SC2016
section pristine "$(
  {
    dpkg-query -W -f '${Conffiles}\n' 'postfix*' 'dovecot*' 'sasl2-bin' 'libpam-runtime' 2>/dev/null | sed -n 's/^ \(\/[^ ]*\) \([0-9a-f]\{32\}\)$/\2  \1/p'
    cat /var/lib/ucf/hashfile 2>/dev/null
  } | md5sum -c 2>/dev/null | sed -n 's,^\(/.*\): OK$,\1,p'
)"
section stock "$(cat "$POSTFIX"/*.proto /usr/share/postfix/*.dist /usr/share/postfix/*.cf* /usr/share/dovecot/conf.d/* /usr/share/dovecot/*.conf* /usr/share/dovecot/dovecot/* 2>/dev/null | grep -E '^[[:space:]]*#' | sort -u)"
section programs "$(grep -hv '^#' -- "$MASTER_CF" | grep -oE 'argv=/[^ ]+' | sed 's/^argv=//' | sort -u | while read -r file; do [ ! -e "$file" ] || printf '%s\n' "$file"; done)"
section others "$others"
section saslauthd "$saslauthd"
section running "$(cat /proc/[0-9]*/comm 2>/dev/null | grep -x -e master -e dovecot | sort -u)"
section skeleton "$(printf '%s\n%s\n%s\n' "$named" "$texts" "$pems" | skeleton)"
section pem "$(printf '%s' "$pems" | while read -r file; do pem "$file"; done)"
section listing "$(find "$POSTFIX" "$DOVECOT" -xdev \( -type f -o -type l \) 2>/dev/null)"
section links "$(while read -r file; do [ ! -L "$file" ] || printf '%s %s\n' "$file" "$(readlink -- "$file")"; done <<END
$texts
END
)"
if [ $# -gt 0 ]; then
  section stat "$(stat -L -c '%s %a %U:%G %n' -- "$@")"
  section digests "$(sha256sum -- "$@")"
  total=$(cat -- "$@" | wc -c)
  printf '@bytes %s\n' "$total"
  cat -- "$@"
  printf '\n'
fi
section end ''
