# Reads everything that a plan needs in one run; writes nothing. POSIX sh with Debian's essential tools.
# Output: a gzip stream of sections, each a line "@NAME BYTES" followed by that many bytes and a line feed.
# shellcheck shell=sh disable=SC2154 # $own_cert, $own_key, $own_sni and the paths are set by the lines before
LC_ALL=C TZ=UTC PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL TZ PATH

section() { # NAME TEXT
  printf '@%s %s\n%s\n' "$1" "${#2}" "$2"
}

packages='postfix dovecot-core dovecot-imapd dovecot-pop3d certbot'
# The parameters that set Postfix's certificates; Postfix before 3.4 does not have the last one.
postfix_pem='smtpd_tls_cert_file smtpd_tls_key_file smtpd_tls_eccert_file smtpd_tls_eckey_file smtpd_tls_dcert_file
  smtpd_tls_dkey_file smtpd_tls_chain_files'

newline='
'

# The files that Dovecot opens, from dovecot.conf on: one pass for each level of includes. Lists at least these, maybe more.
dovecot() {
  level=$DOVECOT_CONF
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -n "$level" ] || break
    printf '%s\n' "$level"
    level=$(included "$level")
  done
}

included() { # FILES, a line each: prints the files that their "!include" lines name, and those of databases
  IFS=$newline
  # Unquoted on purpose: names are separated by line ends, and the shell expands patterns as Dovecot does. {a,b} becomes *.
  # shellcheck disable=SC2046,SC2086
  for file in $(
    set -f
    awk '/^[ \t]*!include/ {
      sub(/^[ \t]*!include(_try)?[ \t]*/, ""); sub(/[ \t\r]*(#.*)?$/, ""); gsub(/[{][^}]*[}]/, "*")
      folder = FILENAME; sub(/[^\/]*$/, "", folder)
      print ($0 ~ /^\// ? "" : folder) $0
    }
    # Dovecot 2.3 has some settings in separate files (dovecot-sql.conf.ext and the like); 2.4 has them with all other settings.
    /^[ \t]*((args|trash)[ \t]*=[ \t]*|[A-Za-z0-9_-]+[ \t]*=[ \t]*(mysql|pgsql|sqlite):)\/[^ \t#]*[.]conf([.]ext)?[ \t\r]*(#.*)?$/ {
      sub(/^[^\/]*/, ""); sub(/[ \t\r]*(#.*)?$/, "")
      print
    }
    /^[ \t]*acl[ \t]*=[ \t]*vfile:\// {
      sub(/^[^\/]*/, ""); sub(/[:# \t\r].*$/, "")
      print
    }' $1 2>/dev/null
  ); do
    [ -f "$file" ] && printf '%s\n' "$file"
  done
}

list() {
  printf '%s\n' "$MAIN_CF" "$MASTER_CF" "$SNI_MAP" "$DEPLOY_HOOK" "$LIVE"/*/fullchain.pem "$RECORD" "$DOVECOT_OPENSSL" \
    "$ACME_CA" "$ACME_CA_UNIT" "$WATCH" "$WATCH_SERVICE" "$WATCH_AT_BOOT" "$WATCH_SCRIPT" "${DOVECOT_CONF%.conf}"-*.ext
  dovecot
}

# The files themselves: the output of stat with their names, link targets, digests, and all bytes one after the other.
files() {
  set --
  while IFS= read -r file; do
    [ ! -f "$file" ] || set -- "$@" "$file"
  done <<END
$(list | sort -u)
END
  [ $# -gt 0 ] || return 0
  stats=$(stat -L -c '%s %a %Z %U:%G %n' -- "$@")
  section stat "$stats"
  section targets "$(readlink -f -- "$@")"
  section digests "$(sha256sum -- "$@")"
  bytes=0
  while read -r size _; do bytes=$((bytes + size)); done <<END
$stats
END
  printf '@bytes %s\n' "$bytes"
  cat -- "$@"
  printf '\n'
  section pem "$(pem_files "$(named_pem "$@" | sort -u)")"
  own=$(user_fields "$@" 2>/dev/null)
  [ -z "$own" ] || section user-fields "$own"
}

# Fields of single users in passwd-files that Dovecot 2.4 has no longer under these names: COUNT NAME PATH, where a variable in the path is "*".
# Only the names leave the host.
user_fields() { # FILES
  sed -n 's/^[ \t]*args[ \t]*=\(.*[ \t]\)\{0,1\}\(\/[^ \t\r#]*\)[ \t\r]*$/\2/p' "$@" | grep -v '[.]conf\([.]ext\)\{0,1\}$' |
    sed 's/%[0-9.]*[A-Z]*[a-z]/*/g; s/%[{][^}]*[}]/*/g' | sort -u | while read -r pattern; do
    IFS=$newline
    # Unquoted on purpose: the shell expands the pattern.
    # shellcheck disable=SC2086
    awk -F: -v pattern="$pattern" '
    # The scheme of each password: `{SSHA}`, `{CRYPT}$6`, `{}des`; nothing else of it.
    !/^#/ && NF > 1 && $2 != "" {
      scheme = ""; rest = $2
      if (match(rest, /^[{][^}]*[}]/)) { scheme = toupper(substr(rest, 2, RLENGTH - 2)); rest = substr(rest, RLENGTH + 1) }
      sub(/[.](HEX|B64|BASE64)$/, "", scheme)
      if (scheme !~ /^((DES-|MD5-|SHA256-|SHA512-|BLF-)?CRYPT|S?MD5|S?SHA(1|256|512)?|(LDAP|PLAIN|HMAC|CRAM|DIGEST)-MD5|PLAIN-MD4|PLAIN(-TRUNC)?|CLEAR(TEXT)?|PBKDF2|ARGON2ID?I?|SCRAM-SHA-(1|256)|OTP)?$/) scheme = "?"
      kind = ""
      if (match(rest, /^[$][0-9a-z]+[$]/)) kind = substr(rest, 1, RLENGTH - 1)
      else if (rest ~ /^_/ || (length(rest) == 13 && rest ~ /^[.\/0-9A-Za-z]+$/)) kind = "des"
      count["{" scheme "}" (scheme ~ /^(CRYPT)?$/ ? kind : "")]++
      count["{*}"]++
    }
    NF > 7 {
      while (match($0, /[: \t](userdb_)?(mail|quota|acl|sieve|fts|plugin\/|namespace\/)[a-z_\/]*[0-9]*=/)) {
        name = substr($0, RSTART, RLENGTH - 1); sub(/^[: \t]/, "", name); sub(/^userdb_/, "", name)
        count[name]++
        $0 = substr($0, RSTART + RLENGTH)
      }
    }
    END { for (name in count) print count[name], name, pattern }' $pattern | sort -k 2
  done
}

# Paths of the certificates and keys that master.cf and Dovecot's files name in any block, a line each. Lists at least what the
# daemons open, except for names in variables. A relative path of Dovecot starts at the folder of the file that names it.
named_pem() { # FILES
  awk '
    FILENAME ~ /\/postfix\/master[.]cf$/ && /^[^#]*smtpd_tls_[a-z]*_files?[ \t]*=/ {
      many = split($0, words, /[ \t,={}]+/)
      for (i = 1; i <= many; i++) if (words[i] ~ /^\//) print words[i]
    }
    FILENAME !~ /\/(postfix|letsencrypt|systemd|harden-mail)\// &&
    /^[ \t]*(ssl_(server_)?)?(alt_)?(cert|key)(_file)?[ \t]*=/ {
      sub(/^[^=]*=[ \t]*<?[ \t]*/, ""); sub(/[ \t]+#.*$/, ""); sub(/[ \t\r]+$/, ""); gsub(/^["\047]|["\047]$/, "")
      folder = FILENAME; sub(/[^\/]*$/, "", folder)
      if ($0 != "" && length($0) < 1000) print ($0 ~ /^\// ? "" : folder) $0
    }' "$@" 2>/dev/null
}

# The facts about each file: when it changed, the folders where a replacement would show, its certificates, and the public half
# of each key in it. "lineages" reports the files that certbot keeps.
pem_files() { # FILES, a line each
  rest=$1
  while [ -n "$rest" ]; do
    pem=${rest%%"$newline"*}
    case $rest in *"$newline"*) rest=${rest#*"$newline"} ;; *) rest= ;; esac
    case $pem in "$LIVE"/*) ;; /*) pem_file "$pem" ;; esac
  done 2>/dev/null
}

pem_file() { # FILE
  printf 'file %s\n' "$1"
  { [ -f "$1" ] && [ -r "$1" ]; } || return 0
  real=$(readlink -f -- "$1")
  printf 'real %s\n' "$real"
  modes=$(stat -L -c '%Z %a' -- "$1")
  printf 'changed %s\n' "${modes% *}"
  folders "$1"
  certificates "$1"
  count=$(grep -c -e '^-----BEGIN .*PRIVATE KEY-----' -- "$1")
  case "$count $modes" in
    0\ *) ;;
    *[4567]) ! exposed "$1" || echo exposed ;;
  esac
  n=0
  while [ $n -lt "$count" ] && [ $n -lt 9 ]; do
    n=$((n + 1))
    echo key
    # openssl is slow, and the plan does not need the key of Debian's self-signed certificate.
    case $real in */ssl-cert-snakeoil.key) echo unknown ;; *) public_half "$1" $n ;; esac
  done
}

# Only the complete certificates of a file: a truncated one is left out, because a key may follow it.
certificates() { # FILE
  awk '/^-----BEGIN /{ block = ""; ours = /^-----BEGIN CERTIFICATE-----/ }
    ours { block = block $0 "\n" }
    /^-----END /{ if (ours && /^-----END CERTIFICATE-----/) printf "%s", block; ours = 0 }' "$1"
}

# The public half of the Nth key of a file. Only PEM counts: openssl accepts other formats too, but the daemons do not.
public_half() { # FILE N
  command -v openssl >/dev/null || { echo unknown; return; }
  awk -v n="$2" '/^-----BEGIN .*PRIVATE KEY-----/{ i++ } i == n; /^-----END .*PRIVATE KEY-----/{ if (i == n) exit }' "$1" |
    openssl pkey -passin pass: -pubout
}

# The folders where replacing an entry makes the path lead to other bytes: the path's own folder, and that of each link on the way.
folders() { # PATH
  hop=$1
  for _ in 1 2 3 4 5 6 7 8; do
    # systemd does not watch a path that contains "..".
    case $hop in */../*) hop=$(readlink -f -- "${hop%/*}")/${hop##*/} ;; esac
    printf 'folder %s\n' "${hop%/*}"
    at=${hop%/*}
    while [ -n "$at" ]; do
      [ ! -L "$at" ] || printf 'folder %s\n' "${at%/*}"
      at=${at%/*}
    done
    [ -L "$hop" ] || break
    to=$(readlink -- "$hop")
    base=$(readlink -f -- "${hop%/*}")
    while [ "${to#../}" != "$to" ]; do to=${to#../} base=${base%/*}; done
    case $to in /*) hop=$to ;; *) hop=$base/$to ;; esac
  done
}

# The holder of the transaction lock; a lock file that no process holds is a leftover. It is only opened, never created: with the mode of
# this shell every user of the host could read it, and so hold it.
busy() {
  { flock -n 8 || cat <&8; } 8<"$LOCK"
} 2>/dev/null
# Transactions that did not finish: the word in the file state says how far they got.
unfinished() {
  for file in "$JOURNAL"/2*/state; do
    read -r state <"$file" || continue
    case $state in journaled | swapping | swapped | awaiting | restoring) file=${file%/state}; printf '%s %s\n' "${file##*/}" "$state" ;; esac
  done
}

packages() {
  # The mail packages, and all packages that dpkg has not finished.
  # shellcheck disable=SC2016
  installed=$(dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' 2>/dev/null |
    awk '/^(postfix|certbot|dovecot-[^ ]*) / || !/ (installed|config-files|not-installed)$/')
  section packages "$installed"
  there=' '
  while read -r name _ status; do [ "$status" = installed ] && there="$there$name "; done <<END
$installed
END
  missing=
  for name in $packages; do
    case $there in *" $name "*) ;; *) missing="$missing $name" ;; esac
  done
  case $newline$installed in
    *"${newline}dovecot-core 1:2."[0-3].*) section upcoming "$(upcoming 2>/dev/null)" ;;
  esac
  # shellcheck disable=SC2086
  [ -z "$missing" ] || section simulation "$(apt-get -s -q -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= install $missing 2>&1)"
}

# The versions that apt would install in place of the present ones: NAME VERSION SUITE; and "auto" where it does so by itself.
# apt needs a second to start, so it is asked only where a package list has a Dovecot 2.4 that is not on hold.
upcoming() {
  [ "$(dpkg-query -W -f '${db:Status-Want}' dovecot-core)" != hold ] || return
  for file in /var/lib/apt/lists/*_Packages*; do
    case $file in
      *_Packages) grep -x -F -A 6 'Package: dovecot-core' "$file" ;;
      *) /usr/lib/apt/apt-helper cat-file "$file" | grep -x -F -A 6 'Package: dovecot-core' ;;
    esac
  done | grep -q '^Version: [0-9]*:2[.][4-9]' || return
  apt-cache -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy dovecot-core postfix | awk '
    /^[^ ]/ { name = $1; sub(/:$/, "", name) }
    $1 == "Candidate:" { version[name] = $2 }
    { line = $0; sub(/^ [*][*][*]/, "    ", line) }
    line ~ /^     [^ ]/ { split(line, words, " "); current = words[1]; next }
    /^ *-?[0-9]+ [a-z]+:/ && current == version[name] && !(name in suite) { suite[name] = $3; sub(/[/].*/, "", suite[name]) }
    END { for (name in version) print name, version[name], suite[name] }'
  auto=0
  eval "$(apt-config shell auto APT::Periodic::Unattended-Upgrade)"
  [ "$auto" = 0 ] || [ ! -x /usr/bin/unattended-upgrade ] || echo auto
}

# When the daemons last loaded their files, by the things that each daemon creates again at every load.
#   dovecot SECONDS      a socket of Dovecot, created after the files were read, and not created if Dovecot refuses them
#   (NAME) TICKS         start of a child of Postfix's master that ends at every reload, in hundredths of a second since boot
#   self TICKS           the present time in the same unit; in containers /proc/uptime may count differently
taken_up() {
  stat -c 'dovecot %Z' "$DOVECOT_RUN/config"
  read -r master <"$queue/pid/master.pid" || return
  # No line feed at the end, so read returns a failure.
  read -r children <"/proc/$master/task/$master/children"
  for pid in self $children; do
    read -r line <"/proc/$pid/stat" || continue
    # shellcheck disable=SC2086
    set -- $line
    case "$pid $2" in
      self*) printf 'self %s\n' "${22}" ;;
      *' (qmgr)' | *' (pickup)' | *' (tlsmgr)') printf '%s %s\n' "$2" "${22}" ;;
    esac
  done
}

# The master process of this Postfix instance, and the configuration folder of each other master that listens.
#   own PID          `-` if this instance has none
#   other PID FOLDER   an "own" line for the same process comes first, and counts
masters() {
  own=-
  read -r own _ <"$queue/pid/master.pid"
  echo "own $own"
  rest=$listeners seen=" $own "
  while case $rest in *'"master",pid='*) ;; *) false ;; esac do
    rest=${rest#*'"master",pid='}
    pid=${rest%%,*}
    case $seen in *" $pid "*) continue ;; esac
    seen="$seen$pid "
    folder=$(tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^MAIL_CONFIG=//p')
    # While this instance restarts, the file above has its next master already. A container has other files.
    # shellcheck disable=SC3013 # dash has -ef
    [ "/proc/$pid/root$folder/main.cf" -ef "$MAIN_CF" ] && echo "own $pid"
    printf 'other %s %s\n' "$pid" "$folder"
  done
}

daemons() {
  queue='' parameters=''
  if command -v postconf >/dev/null; then
    # shellcheck disable=SC2086
    parameters=$(postconf -x myhostname $postfix_pem queue_directory 2>/dev/null)
    queue=${parameters##*queue_directory = }
    section postconf "$parameters"
    section pem-main "$(pem_files "$(printf '%s\n' "$parameters" | sed -n 's/^smtpd_tls_[a-z_]* = //p' | tr ',{} \t' '\n' | sort -u)")"
  fi
  section cyrus "$(ls -d "$CYRUS_CONF" /etc/sasl2/smtpd.conf /usr/lib/sasl2/smtpd.conf /etc/sasldb2 2>/dev/null)"
  # Needed if Postfix is not installed, or cannot read its files.
  [ -n "$parameters" ] || section hostname "$(hostname -f 2>/dev/null || hostname)"
  listeners=$(ss -Hltnp 2>/dev/null)
  section listeners "$listeners"
  [ -z "$queue" ] || section masters "$(masters 2>/dev/null)"
  section units "$(systemctl show -p Id -p ActiveState -p InactiveExitTimestamp -p ExecReload -p LoadState -p UnitFileState \
    postfix.service postfix@-.service dovecot.service certbot.timer harden-mail-certificate.path 2>/dev/null)"
  # Keep these two together: the times of the second are computed from the first.
  section now "$(date +%s.%N)"
  section taken-up "$(taken_up 2>/dev/null)"
}

machine() {
  section os "$(cat /etc/os-release)"
  section busy "$(busy 2>/dev/null)"
  section unfinished "$(unfinished 2>/dev/null)"
  packages
  section services "$(getent services smtps submissions submission)"
}

# The public half of each lineage's key, which may not belong to the certificate. A truncated or encrypted key gives none.
keys() {
  for folder in "$LIVE"/*/; do
    [ -f "${folder}privkey.pem" ] || continue
    printf '%s\n' "$folder"
    if command -v openssl >/dev/null; then openssl pkey -passin pass: -pubout -in "${folder}privkey.pem"; else echo unknown; fi
  done 2>/dev/null
}

# Can every user read this file? True if its mode and the modes of all folders above it allow that.
exposed() { # FILE
  at=$(readlink -f -- "$1") || return
  case $(stat -c %a -- "$at") in *[4567]) ;; *) return 1 ;; esac
  while at=${at%/*} && [ -n "$at" ]; do
    case $(stat -c %a -- "$at") in *[1357]) ;; *) return 1 ;; esac
  done
}

# The files of the certificate that the admin brings: path, mode, change time and kind of each, whether every user can read the key
# (exposed), and whether the certificate's file contains a key (inside).
provided() {
  for file in "$own_cert" "$own_key"; do
    what=cert
    [ "$file" = "$own_cert" ] || what=key
    printf '%s %s %s\n' "$what" "$file" "$(stat -L -c '%a %Z %F' -- "$file" || echo missing)"
  done
  ! exposed "$own_key" || echo exposed
  ! grep -q -e '-----BEGIN .*PRIVATE KEY-----' -- "$own_cert" || echo inside
}

# The key's public half. Only PEM counts: openssl accepts other formats too, but the daemons do not.
provided_key() {
  grep -q -e '-----BEGIN .*PRIVATE KEY-----' -- "$own_key" || return
  if command -v openssl >/dev/null; then openssl pkey -passin pass: -pubout -in "$own_key"; else echo unknown; fi
}

brought() { # NAME
  [ -n "$own_cert" ] || return
  section "$1" "$(provided 2>/dev/null)"
  section "$1-chain" "$(certificates "$own_cert" 2>/dev/null)"
  section "$1-folders" "$({ folders "$own_cert"; folders "$own_key"; } 2>/dev/null | sort -u)"
  section "$1-key" "$(provided_key 2>/dev/null)"
}

# The certificates of additional names: CERT,KEY each.
brought_sni() {
  n=0
  for pair in $own_sni; do
    own_cert=${pair%,*} own_key=${pair#*,}
    brought "sni$n"
    n=$((n + 1))
  done
}

# Lineage names that are taken, so certbot cannot use them for a new certificate; and those that certbot can renew, because all
# their parts are links.
lineages() {
  for file in "$RENEWAL"/*.conf "$LIVE"/*/ "$ARCHIVE"/*/; do
    [ -e "$file" ] || continue
    name=${file%/} name=${name##*/} name=${name%.conf}
    printf 'taken %s\n' "$name"
    [ "${file%.conf}" != "$file" ] || continue
    how=unknown hooked=
    while read -r word _ value; do
      case $word in authenticator) how=$value ;; pre_hook) hooked=$value ;; esac
    done <"$file"
    for part in cert chain fullchain privkey; do
      file=$LIVE/$name/$part.pem
      { [ -L "$file" ] && [ -f "$file" ]; } || continue 2
    done
    printf 'own %s %s\n' "$name" "$how"
    [ -z "$hooked" ] || printf 'hooked %s\n' "$name"
  done
  stat -L -c '%a %n' "$LIVE"/*/privkey.pem 2>/dev/null | while read -r mode file; do
    case $mode in *[4567]) ! exposed "$file" || { file=${file%/*} && printf 'exposed %s\n' "${file##*/}"; } ;; esac
  done
}

# The errors in the output of a program that refuses the files as they are, a line each.
refusal() { # DAEMON PROGRAM; reads its output
  awk -v who="$1" -v program="$2: " '
    index($0, program) == 1 { last = $0 }
    index($0, program) == 1 && /[Ff]atal: |[Ee]rror: / { print who, $0; found = 1 }
    END { if (!found) print who, (last ? last : program "fails without a message") }'
}

# Asks the daemons' own parsers about the files as they are. postmap reads the parameters that each program of Postfix reads at its
# start, which postconf does not check. doveconf's listing of the files is dropped, because it may contain keys.
parsers() {
  refused=
  if command -v postconf >/dev/null; then
    main=$(postconf -x -n 2>&1) || refused="$(printf '%s\n' "$main" | refusal postfix postconf)$newline"
    master=$(postconf -x -P 2>&1) || refused="$refused$(printf '%s\n' "$master" | refusal postfix postconf)$newline"
    said=$(postmap -q x static:y 2>&1) || refused="$refused$(printf '%s\n' "$said" | refusal postfix postmap)$newline"
    case "$newline$main" in
      *"${newline}alias_maps ="*) ;;
      *) main="$main$newline$(postconf -x alias_maps 2>/dev/null)" ;;
    esac
    maps=$(postconf -m 2>/dev/null)
    section maps "$maps"
    section lost-maps "$(printf '%s\n' "$main" "$master" | lost_maps)"
  fi
  if command -v doveconf >/dev/null; then
    said=$(doveconf -n -x 2>&1 >/dev/null) || refused="$refused$(printf '%s\n' "$said" | refusal dovecot doveconf)"
  fi
  section refusals "$refused"
}

# Lookup tables that Postfix is configured to use and cannot open: PARAMETER TYPE:PATH FILE. FILE is the missing file, or "-" if
# this Postfix does not know the type. Files that Postfix creates itself are left out: caches, and the output of newaliases.
lost_maps() { # reads lines "PARAMETER = VALUE"
  awk '
    $2 != "=" || $1 ~ /_cache_(database|map)$|^alias_database$|^address_verify_map$/ { next }
    {
      name = $1
      rest = $0
      while (match(rest, /(hash|btree|lmdb|cdb|s?dbm|texthash|regexp|pcre|cidr|mysql|pgsql|sqlite|ldap):\/[^] \t,{}"[]+/)) {
        print name, substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
      }
    }' | sort -u | while read -r name map; do
    file=${map#*:}
    case $map in
      hash:* | btree:*) file=$file.db ;;
      lmdb:*) file=$file.lmdb ;;
      cdb:*) file=$file.cdb ;;
      dbm:* | sdbm:*) file=$file.pag ;;
    esac
    case $newline$maps$newline in
      *"$newline${map%%:*}$newline"*) [ -e "$file" ] || printf '%s %s %s\n' "$name" "$map" "$file" ;;
      *) printf '%s %s -\n' "$name" "$map" ;;
    esac
  done
}

# Three parts that run in parallel: the output of the first two waits in the pipes. Packed, the answer takes a round trip less.
parsers | { daemons; cat; } | {
  machine
  section keys "$(keys)"
  section lineages "$(lineages)"
  brought provided
  brought_sni
  files
  cat
  section end ''
} | gzip
