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
MEMORY=32

# shellcheck source=apart.sh
. "$tx/apart.sh"

# The output of a command that reads the log of the separate Dovecot. Its log process may write a moment after the session has ended.
logged() { # COMMAND
  for _ in 1 2 3 4 5; do
    "$@" | grep . && return
    sleep 0.1
  done
}
lmtp_death() { grep ' lmtp(' "$work/log" | grep -E 'Panic|Fatal'; }

answer() { # USER QUESTION FILE: prints why it failed; "unknown" if the session would have to create the mailbox first
  reason=$(said "$3")
  # If another process caused the failure, the log has the reason.
  more=
  case $reason in '' | *[Ii]nternal* | *auth-master*) [ -z "$own" ] || more=$(logged said "$work/log" "$1") ;; esac
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
    case $own$reply in
      'yesthe connection was closed') logged lmtp_death ;;
      yes*) lmtp_death ;;
    esac >>"$work/lmtp.$user"
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
# A host whose databases named nobody before may have one now that does.
if [ "$round" = staged ] && { [ -e "$here/guessed" ] || [ ! -s "$here/users" ]; }; then
  timeout 5 doveadm $use user '*' 2>/dev/null | grep -xE '[A-Za-z0-9_][A-Za-z0-9._@+=-]*' | grep -vxFf "$here/system" | head -n 5 >"$work/named"
  [ ! -s "$work/named" ] || cp "$work/named" "$here/users"
fi
[ -s "$here/users" ] || fail 'this host: it has no user whose mailbox could be opened'
[ "$round" = bare ] || mailboxes_in_memory
lookups >"$work/answers.=lookup" &
asked=$!
if serves lmtp; then deliveries >"$work/answers.=lmtp" & asked="$asked $!"; fi
while read -r user; do session "$user" >"$work/answers.$user" & asked="$asked $!"; done <"$here/users"
wait $asked
cat "$work"/answers.[!=]* "$work"/answers.=*
