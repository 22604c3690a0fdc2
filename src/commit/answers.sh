#!/bin/sh
# One round of questions about users, in the namespaces of sessions.sh: sh answers.sh live|bare|staged|control DIRECTORY
#   live      asks the running daemons
#   bare      the same, without namespaces
#   staged    asks a separate Dovecot for which the staged files cover the real ones
#   control   asks a separate Dovecot with the current files
# It prints the answers (sessions.sh describes their format).
# shellcheck disable=SC2086 # $use is one word, two or none.
# shellcheck disable=SC2015 # "a && b || c" is intended: c also runs when b fails.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077

round=$1
tx=${2%/}
id=${tx##*/}
here=$TALKS/$id/sessions
work=$here/$round.work
case $round in live | bare) own= ;; *) own=yes ;; esac
LIBEXEC=/usr/lib/dovecot

fail() { echo "$*" >&2; exit 1; }

# Remounts all file systems read-only except the kernel's own and /run, so that this round can write nothing outside of itself.
read_only() {
  sed 's/^[^ ]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .* - \([^ ]*\) .*/\2 \1/' /proc/self/mountinfo | while read -r type where; do
    case $type in proc | sysfs | devtmpfs | devpts | cgroup* | mqueue | hugetlbfs | autofs | binfmt_misc | *bpf | *fs_pipefs | fusectl | nsfs) continue ;; esac
    case $where in /run | /run/* | /dev | /dev/* | /proc/* | /sys/*) continue ;; esac
    mount -o remount,bind,ro "$(printf '%b' "$(printf '%s' "$where" | sed 's/\\\([0-7]\{3\}\)/\\0\1/g')")" 2>/dev/null || exit 1
  done && mount -t tmpfs -o size=16m,mode=1777 tmp /tmp
}

# A session writes indexes, locks, and a folder at the first login. Overlays send writes in mail folders to memory. 32 MB are enough
# for indexes; an mbox larger than that cannot be opened.
mailboxes_in_memory() {
  mkdir -p "$work/mail" && mount -t tmpfs -o size=32m,mode=755 mail "$work/mail" || return 0
  n=0
  places | while read -r place; do
    n=$((n + 1))
    mkdir "$work/mail/$n" "$work/mail/$n.work" && chmod --reference="$place" "$work/mail/$n" && chown --reference="$place" "$work/mail/$n" &&
      mount -t overlay -o "lowerdir=$place,upperdir=$work/mail/$n,workdir=$work/mail/$n.work" mail "$place" || break
  done
} 2>/dev/null

# Mail folders from the settings and from the users' fields; none inside another one.
places() {
  {
    echo /var/mail
    grep -E '^ *(mail|mail_[a-z_]+|location) = ' "$work/settings" | grep -oE '[ :=]/[^:]*' | sed 's/%.*//'
    # shellcheck disable=SC2046 # a word each
    timeout 8 doveadm $use user $(cat "$here/users") 2>/dev/null | grep -oE '[[:blank:]:=]/[^:]*'
  } | sed 's/^[ :=[:blank:]]*//' | while read -r place; do
    place=$(readlink -m "$place")
    until [ -d "$place" ]; do place=$(dirname "$place"); done
    printf '%s\n' "$place"
  done | grep -vxE '/([a-z]+|var/(lib|log|spool|tmp|cache))?' | grep -vE '^/(etc|usr|run|proc|sys|dev|boot|bin|sbin|lib)/' |
    sort -u | awk 'last != "" && index($0 "/", last "/") == 1 { next } { last = $0; print }'
}

# Builds the future state of Dovecot's folder in memory, so that it has the new files and lacks the removed ones.
lay_over() {
  folder=$(readlink -f "$DOVECOT")
  [ "$(du -sk "$folder" | cut -f 1)" -lt 16000 ] || fail "the staged files: $folder is too large for a copy"
  mkdir "$work/etc" && mount -t tmpfs -o size=32m,mode=755 staged "$work/etc" && cp -a "$folder/." "$work/etc" || return 1
  while read -r n kind _ _ bits owner target; do
    beside=${target%/*}/.harden-mail.$id.$n
    case $target in
      "$folder"/*)
        file=$work/etc${target#"$folder"}
        if [ "$kind" = remove ]; then rm -f "$file"
        else mkdir -p "${file%/*}" && cat "$tx/after/$n" >"$file" && chown "$owner" "$file" && chmod "$bits" "$file"; fi || return 1
        ;;
      *) [ "$kind" != edit ] || mount --bind "$beside" "$target" || return 1 ;;
    esac
  done <"$tx/manifest"
  mount --bind "$work/etc" "$folder"
}

# Writes the configuration of this round: the files' settings plus log targets. A separate Dovecot also keeps its listeners in its
# own folder, binds no port, and its LMTP opens the mailbox already at RCPT.
configure() {
  conf=$work/dovecot.conf
  doveconf -n >"$work/settings" 2>"$work/err" || { printf -- '- start no %s\n' "$(said "$work/err")"; exit 0; }
  served=$(doveconf base_dir protocols 2>/dev/null)
  base=$(printf '%s\n' "$served" | sed -n 's/^base_dir = //p')
  grep '^dovecot_config_version' "$work/settings" >"$conf"
  {
    echo "!include $DOVECOT_CONF"
    for log in log_path info_log_path debug_log_path; do echo "$log = /dev/stderr"; done
    [ -z "$own" ] || own_instance || fail "a Dovecot of its own: its folder could not be made in $base"
  } >>"$conf"
  # The instance in Dovecot's usual folder has its configuration loaded: using it saves a quarter of the time. That does not work
  # if it logs to a file, because the file is read-only here.
  use="-c $conf"
  [ "$base" != "$DOVECOT_RUN" ] || { [ -z "$own" ] && grep -q '^[a-z_]*log_path' "$work/settings"; } || use=
}

own_instance() {
  # After a boot without Dovecot the folder does not exist. Dovecot makes it at each start.
  [ -d "$base" ] || mkdir -m 755 "$base" || return 1
  mount -t tmpfs -o size=4m,mode=755 instance "$base" && mkdir -m 755 "$base/state" || return 1
  echo "state_dir = $base/state"
  echo "auth_socket_path = $base/auth-userdb"
  if serves lmtp; then
    echo 'protocols = lmtp'
    echo 'lmtp_rcpt_check_quota = yes'
    echo 'service lmtp {'; echo '  unix_listener lmtp {'; echo '    mode = 0600'; echo '  }'; echo '}'
  else
    echo 'protocols ='
  fi
  awk -v base="$base/" '
    /^service / { service = $2 }
    /^}/ { service = "" }
    service == "" { next }
    $1 == "inet_listener" { print "service " service " {\n inet_listener " ($2 == "{" ? "" : $2 " ") "{\n  port = 0\n }\n}" }
    $1 ~ /^(unix|fifo)_listener$/ && $2 ~ /^"?\// {
      path = $2; gsub(/"/, "", path); sub(/^\/var\/run\//, "/run/", path)
      if (index(path, base) != 1) print "service " service " {\n " $1 " " $2 " {\n  mode = 0\n }\n}"
    }' "$work/settings"
}

serves() { case " $(printf '%s' "$served" | tr '\n' ' ' | sed 's/ = no/=no/g') " in *" $1 "*) [ -x "$LIBEXEC/$1" ] ;; *) return 1 ;; esac; }

start() {
  dovecot -F -c "$conf" >"$work/log" 2>&1 &
  pid=$!
  tries=0
  until [ -S "$base/auth-userdb" ]; do
    tries=$((tries + 1))
    if ! kill -0 $pid 2>/dev/null || [ $tries -gt 250 ]; then
      printf -- '- start no %s\n' "$(said "$work/log")"
      exit 0
    fi
    sleep 0.02
  done
}

# The daemons' error lines, without time and process.
said() { # FILE [USER]
  tr -d '\000-\010\013-\037' <"$1" | grep -E 'Panic|Fatal|Error' | grep -F -- "${2-}" | sed 's/^[A-Z][a-z][a-z] [ 0-9]* [0-9:]* //; s/<[^>]*>//g' |
    awk '!seen[$0]++' | head -n 2 | tr '\n' '|' | sed 's/|$//; s/|/ | /g' | cut -c 1-400
}

answer() { # USER QUESTION FILE: prints why it failed; "unknown" if the session would have to create the mailbox first
  reason=$(said "$3")
  # If another process caused the failure, the log has the reason.
  more=
  case $reason in '' | *[Ii]nternal* | *auth-master*) [ -z "$own" ] || more=$(said "$work/log" "$1") ;; esac
  reason=$more${reason:+${more:+ | }}$reason
  [ -n "$reason" ] || reason=$(grep -E '^[abc] (NO|BAD)' "$3" | head -n 1 | tr -d '\r' | cut -c 3-)
  verdict=no
  ! { cat "$3"; echo "$reason"; } | grep -qiE 'read.only file system|no space left' || verdict=unknown
  printf '%s %s %s %s\n' "$1" "$2" $verdict "${reason:-it ended without a message}"
}

session() { # USER
  out=$work/session.$1
  if serves imap && ! grep -q last_login "$work/settings"; then
    printf 'a EXAMINE INBOX\r\nb LIST "" %%\r\nc STATUS INBOX (MESSAGES)\r\nd LOGOUT\r\n' |
      timeout 8 $LIBEXEC/imap $use -u "$1" >"$out" 2>&1
    if [ "$(grep -c '^[abc] OK' "$out")" = 3 ]; then echo "$1 imap ok"; else answer "$1" imap "$out"; fi
  elif { timeout 8 doveadm $use mailbox list -u "$1" && timeout 8 doveadm $use mailbox status -u "$1" messages INBOX; } >"$out" 2>&1; then
    echo "$1 mailbox ok"
  else
    answer "$1" mailbox "$out"
  fi
}

# Whether a login finds its user. A database without lookups (PAM) answers neither before nor after the change.
lookups() {
  while read -r user; do set -- "$@" "$user"; done <"$here/users"
  timeout 8 doveadm $use auth lookup "$@" >"$work/lookups" 2>&1
  for user; do
    if grep -qxF "passdb: $user" "$work/lookups"; then
      echo "$user lookup ok"
    else
      grep -F "$user" "$work/lookups" >"$work/lookup.$user"
      answer "$user" lookup "$work/lookup.$user"
    fi
  done
}

# LHLO, MAIL and RCPT, but no DATA.
deliveries() {
  if [ -z "$own" ]; then where=$(lmtp_address); else where=$base/lmtp; fi
  [ -n "$where" ] || return 0
  # shellcheck disable=SC2046 # a word each
  timeout 10 perl -e "$LMTP" "$where" $(cat "$here/users") 2>/dev/null | while read -r user reply; do
    if [ "$reply" = ok ]; then echo "$user lmtp ok"; continue; fi
    printf 'Error: %s\n' "$reply" >"$work/lmtp.$user"
    [ -z "$own" ] || grep ' lmtp(' "$work/log" | grep -E 'Panic|Fatal' >>"$work/lmtp.$user"
    answer "$user" lmtp "$work/lmtp.$user"
  done
}

# The address on which the running LMTP listens: a path, or HOST:PORT.
lmtp_address() {
  { awk -v base="$base" '
    /^service / { lmtp = ($2 == "lmtp") }
    /^}/ { lmtp = 0 }
    lmtp && $1 == "unix_listener" { path = $2; gsub(/"/, "", path); print (path ~ /^\// ? path : base "/" path) }
    lmtp && $1 == "port" { print "127.0.0.1:" $3 }' "$work/settings"; echo "$base/lmtp"; } | while read -r where; do
    case $where in /*) [ -S "$where" ] || continue ;; esac
    printf '%s\n' "$where"
    break
  done
}

# shellcheck disable=SC2016 # it is perl
LMTP='use IO::Socket::UNIX; use IO::Socket::INET; my $s;
  sub reply { while (defined(my $l = <$s>)) { return $l if $l !~ /^\d{3}-/ } return "the connection was closed\n" }
  sub rcpt {
    my $user = shift; my $r = reply();
    for my $c ("LHLO localhost", "MAIL FROM:<>", "RCPT TO:<$user>") { return $r if $r !~ /^2/; print $s "$c\r\n"; $r = reply() }
    print $s "RSET\r\nQUIT\r\n";
    return $r =~ /^2/ ? "ok\n" : $r;
  }
  my $where = shift; $SIG{PIPE} = "IGNORE"; $| = 1;
  for my $user (@ARGV) {
    $s = $where =~ m{^/} ? IO::Socket::UNIX->new(Peer => $where) : IO::Socket::INET->new(PeerAddr => $where, Timeout => 5);
    print "$user ", $s ? rcpt($user) : "no connection to $where: $!\n";
  }'

cd / && rm -rf "$work" && mkdir -p "$work" || exit
[ "$round" != staged ] || lay_over || fail 'the staged files: they could not be laid over'
[ "$round" = bare ] || read_only || fail "this host: its file systems could not be made read-only for it"
configure
[ -z "$own" ] || start
# A host without any user before may have a user database now.
[ -s "$here/users" ] || timeout 5 doveadm $use user '*' 2>/dev/null | grep -xE '[A-Za-z0-9_][A-Za-z0-9._@+=-]*' | grep -vxFf "$here/system" | head -n 5 >"$here/users"
[ -s "$here/users" ] || fail 'this host: it has no user whose mailbox could be opened'
[ "$round" = bare ] || mailboxes_in_memory
lookups >"$work/answers.=lookup" &
asked=$!
if serves lmtp; then deliveries >"$work/answers.=lmtp" & asked="$asked $!"; fi
while read -r user; do session "$user" >"$work/answers.$user" & asked="$asked $!"; done <"$here/users"
wait $asked
cat "$work"/answers.[!=]* "$work"/answers.=*
