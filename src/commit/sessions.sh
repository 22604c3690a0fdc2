#!/bin/sh
# Checks what users of Dovecot get: sh sessions.sh before|staged|after DIRECTORY, called by tx.sh.
#   before   asks the running daemons about a sample of users, and keeps the answers
#   staged   asks a separate Dovecot, which reads the staged files, about the same users
#   after    asks the running daemons again
# "staged" and "after" print their verdict, one per line: "refuse REASON" if a user loses what worked, or "note TEXT".
# Each round (answers.sh) runs in its own mount and process namespaces with read-only file systems: it writes into no mailbox, and
# the kernel ends its processes and removes its folders even if this script is killed.
# An answer is a line: USER QUESTION ok, or USER QUESTION no REASON, or USER QUESTION unknown REASON. "-" stands for all users.
# shellcheck disable=SC2015 # "a && b || c" is intended: c also runs when b fails.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077

round=$1
tx=${2%/}
id=${tx##*/}
here=$TALKS/$id/sessions
SAMPLE=5
use=
# shellcheck source=users.sh
. "$tx/users.sh"

# Selects the users to ask about.
sample() {
  system_users
  recent | choose | head -n $SAMPLE >"$here/users"
  [ "$(wc -l <"$here/users")" -lt $SAMPLE ] || return 0
  # shellcheck disable=SC2119 # without a pattern: all
  iterated 2>/dev/null | head -n 200 >"$here/iterated"
  # Folders and files tell users only until a database can.
  [ -s "$here/iterated" ] || : >"$here/guessed"
  { cat "$here/users" "$here/iterated"; owners 200; in_files; local_users; } | choose | head -n $SAMPLE >"$here/more"
  [ ! -s "$here/more" ] || mv "$here/more" "$here/users"
}

runs() { { read -r pid <"$DOVECOT_RUN/master.pid" && kill -0 "$pid"; } || timeout 5 doveadm log errors; } >/dev/null 2>&1

# A round has a time limit, so that it does not delay the transaction. If a host allows no such namespaces, the running daemons are
# asked without them: then a session writes what a user's own session writes.
answers() { # ROUND FILE
  apart sh "$tx/answers.sh" "$1" "$tx" >"$2" 2>"$2.err" && return 0
  [ "$1" != live ] || ! timeout -k 1 20 sh "$tx/answers.sh" bare "$tx" >"$2" 2>>"$2.err" || return 0
  printf '%s\n' "- round unknown $(tail -n 1 "$2.err" | cut -c 1-200)" >>"$2"
}

apart() { # COMMAND
  timeout -k 1 20 unshare --mount --pid --fork --mount-proc --kill-child=KILL --propagation slave "$@"
}

# Answers that are "ok" in the first file and "no" in the second: USER QUESTION REASON.
lost() { # BEFORE AFTER
  awk 'NR == FNR { if ($3 == "ok") { had[$1 " " $2] = 1; any[$2] = any[$2] " " $1 } next }
    $3 != "no" { next }
    $1 == "-" { for (key in had) { print key, rest($0); exit } next }
    ($1 " " $2) in had { print $1, $2, rest($0) }
    function rest(line) { sub(/^[^ ]+ [^ ]+ [^ ]+ ?/, "", line); return line }' "$1" "$2"
}

# No daemon ran before, so there is nothing to compare with: the only reason to refuse is that no user gets a session. A separate
# Dovecot that does not start proves nothing, because the cause may be the way it is started; the real one is checked later.
without_session() { sed -n 's/^\([^ ]* \(imap\|mailbox\)\) no /\1 /p' "$1"; } # FILE
lost_by_all() { grep -qE '^[^ ]+ (imap|mailbox) (ok|unknown)' "$1" || without_session "$1"; } # FILE

told() { # LINES: as text, for at most two users
  printf '%s\n' "$1" | awk '!seen[$1]++' | head -n 2 | while read -r user question reason; do
    case $question in
      lookup) what='a lookup of the login of' ;;
      lmtp) what='a delivery by LMTP to' ;;
      start) what='Dovecot' ;;
      *) what="a session ($question) of" ;;
    esac
    [ "$user" = - ] || what="$what $user"
    printf '%s; ' "$what fails: $reason"
  done | sed 's/; $//'
}

unproved() { # FILE: prints what could not be checked, and why
  sed -n 's/^- round unknown /note not proved with users on /p; s/^- start no /note not proved with users on the staged files: Dovecot does not start with them here: /p; s/^\([^ ]*\) \([^ ]*\) unknown .*/note not proved for \1 (\2): a session would write to the mailbox first/p' "$1" | sort -u | head -n 3
}

staged() {
  answers staged "$here/staged"
  if [ -e "$here/before" ]; then
    lost "$here/before" "$here/staged" >"$here/lost"
    if [ -s "$here/lost" ]; then
      # A question that fails with the old files too, asked in the same way, shows a limit of this check.
      answers control "$here/control"
      lost "$here/control" "$here/staged" | grep -xFf "$here/lost" >"$here/real"
      [ -s "$here/real" ] || printf 'note not proved on the staged files, where the old ones fail as well: %s\n' "$(told "$(cat "$here/lost")")"
      mv "$here/real" "$here/lost"
    fi
  else
    lost_by_all "$here/staged" >"$here/lost"
    without_session "$here/staged" >"$here/some"
    [ -s "$here/lost" ] || [ ! -s "$here/some" ] || printf 'note with the new files %s (whether it worked before is not known)\n' "$(told "$(cat "$here/some")")"
  fi
  verdict 'with the new files'
}

after() {
  base=$here/before
  [ -e "$base" ] || base=$here/staged
  # A daemon that has just been reloaded may need a moment.
  for try in 1 2 3; do
    answers live "$here/after"
    lost "$base" "$here/after" >"$here/lost"
    [ -s "$here/lost" ] && [ "$try" != 3 ] || break
    sleep 0.5
  done
  verdict 'with the running daemons'
}

verdict() { # WHERE
  if [ ! -s "$here/lost" ]; then unproved "$here/$round"
  elif [ -e "$tx/rollback" ]; then printf 'note %s %s\n' "$1" "$(told "$(cat "$here/lost")")"
  else printf 'refuse %s %s\n' "$1" "$(told "$(cat "$here/lost")")"; fi
}

case $round in
  before)
    mkdir -p "$here" && sample
    if runs; then answers live "$here/before"; fi
    ;;
  staged) staged ;;
  after) after ;;
esac
exit 0
