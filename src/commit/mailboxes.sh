#!/bin/sh
# Compares users' mailboxes before and after a conversion of Dovecot's files: sh mailboxes.sh record|staged DIRECTORY
#   record   lists them by the running daemons, and keeps the list on the host ($MAILBOXES)
#   staged   called by tx.sh: lists them by a separate Dovecot that reads the staged files; compares them with the record, and what
#            the record does not have with the mail folders on disk
# "staged" prints its verdict as sessions.sh does: "refuse REASON", "note TEXT".
# In DIRECTORY "mailboxes" has the word "sample" or "all". Each round (folders.sh) writes into no mailbox.
# shellcheck disable=SC2015 # "a && b || c" is intended: c also runs when b fails.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077

round=$1
tx=${2%/}
id=${tx##*/}
here=$TALKS/$id/folders
use=
# shellcheck source=users.sh
. "$tx/users.sh"

mkdir -p "$here" && date +%s >"$here/began" || exit 1
read -r many <"$tx/mailboxes"
seconds=120
[ "$many" != all ] || { seconds=1800; : >"$here/all"; }

list() { # live|staged: the facts in $here/ROUND; else $reason
  timeout -k 1 $seconds unshare --mount --pid --fork --mount-proc --kill-child=KILL --propagation slave \
    sh "$tx/folders.sh" "$1" "$tx" >"$here/$1" 2>"$here/$1.err" && ! grep -q '^- start no ' "$here/$1" && return 0
  reason=$(sed -n 's/^- start no //p' "$here/$1")
  [ -n "$reason" ] || reason=$(tail -n 1 "$here/$1.err" | cut -c 1-200)
  [ -n "$reason" ] || reason="it took more than $seconds s"
  return 1
}

# The places of mail that the files name as text, in 2.3's words: "FORMAT PATH", with %u, %n, %d and %h. Nobody has converted them.
old_places() {
  find "$DOVECOT/" -type f -exec cat {} + | sed '/^ *#/d; s/%[0-9.]*L\{0,1\}\([undh]\)/%\1/g; s/%{user}/%u/g; s/%{home}/%h/g' |
    grep -oE "(maildir|mdbox|sdbox|dbox|mbox):[~%/][^]:;,'\"[:space:])]*(:[A-Z]+=[^]:;,'\"[:space:])]*)*|home=/[^]:;,'\"[:space:])]*" |
    awk -F : '/^home=/ { print "home " substr($0, 6); next }
      { print $1 " " $2; for (i = 3; i <= NF; i++) if ($i ~ /^INBOX=/) print $1 " " substr($i, 7) }' | sort -u
} 2>/dev/null

# "prefix VALUE" and "separator VALUE" of the namespaces in the files to convert, and "quota" where they limit every user. Without a
# record these words are all that tells how mailboxes were named before.
old_words() {
  folder=$(readlink -f "$DOVECOT")
  while read -r _ kind _ _ _ _ target; do
    case "$kind $target" in "edit $folder"/*) cat "$target"; echo ;; esac
  done <"$tx/manifest" | awk '
    /^[ \t]*#/ { next }
    /^[ \t]*namespace([ \t].*)?[{]/ { depth = 1; next }
    depth && /[{][ \t]*$/ { depth++; next }
    depth && /^[ \t]*}/ { depth--; next }
    depth == 1 && match($0, /^[ \t]*(prefix|separator)[ \t]*=[ \t]*/) {
      value = substr($0, RLENGTH + 1); sub(/[ \t]+$/, "", value); gsub(/^["\047]|["\047]$/, "", value)
      if (value != "" && value !~ /%/) print (/prefix/ ? "prefix" : "separator") " " value
    }
    /^[ \t]*quota[0-9]*_rule[ \t]*=[ \t]*\*:.*=[1-9]/ { print "quota" }' | sort -u
}

unlisted() { # FACTS
  ! grep -q '^unlisted' "$1" || echo "note not all users are known: a user database cannot list its users (static, SQL without iterate_query, LDAP whose iterate_filter finds nobody); the others are those of the last logins and the owners of mail folders"
}

staged() {
  had=
  if [ -s "$MAILBOXES" ] && grep -q '^time' "$MAILBOXES"; then had=$MAILBOXES; fi
  old_places >"$here/templates"
  old_words >"$here/words"
  system_users
  { owners 100000; in_files; } >"$here/owners"
  [ -z "$had" ] || awk -F '\t' '$1 == "user" { print $2 }' "$had" >"$here/recorded"
  list staged || { echo "note mailboxes not compared: $reason"; return; }
  sh "$tx/losses.sh" "${had:-/dev/null}" "$here/staged" "$here" >"$here/losses"
  unlisted "$here/staged"
  sed -n 's/^note /note mailboxes: /p' "$here/losses" | at_most 20
  if [ -z "$had" ]; then
    echo "note mailboxes not compared with those before the upgrade: no record of them; run \`harden-mail check --upgrade-to RELEASE --record\` before an upgrade"
  fi
  lost=$(grep -c '^lost ' "$here/losses")
  if [ "$lost" = 0 ]; then
    echo "note mailboxes with the new files: $(awk -F '\t' '$1 == "user" { users++ } $1 == "folder" { folders++; mails += $4 }
      END { printf "%d users, %d mailboxes, %d mails", users, folders, mails }' "$here/staged"); $(sed -n 's/^compared //p' "$here/losses" | joined ', ')"
    return
  fi
  sed -n 's/^lost /note lost: /p' "$here/losses" | at_most 50
  # The reason is one line: the first difference of each user, for three users. The notes have the others.
  echo "refuse with the new files $(sed -n 's/^lost //p' "$here/losses" | awk '
    { user = $1; sub(/^[^ ]* /, ""); if (!(user in first)) { first[user] = $0; order[++users] = user } else more[user]++ }
    END { for (i = 1; i <= users && i <= 3; i++)
        printf "%s%s %s%s", (i > 1 ? "; " : ""), order[i], first[order[i]], (order[i] in more ? " (and " more[order[i]] " more)" : "")
      if (users > 3) printf "; and %d more", users - 3 }')"
}

at_most() { awk -v most="$1" 'NR <= most; END { if (NR > most) print "note and " NR - most " more" }'; } # LINES

joined() { awk -v between="$1" '{ printf "%s%s", (NR > 1 ? between : ""), $0 }'; } # BETWEEN

record() {
  : >"$here/templates"
  list live || { echo "$reason" >&2; exit 1; }
  mkdir -p "${MAILBOXES%/*}" && new=$(mktemp "$MAILBOXES.XXXXXX") || exit 1
  {
    printf 'time\t%s\nversion\t%s\nusers\t%s\n' "$(date +%s)" "$(dovecot --version)" "$many"
    grep -v '^unlisted' "$here/live"
  } >"$new" && sync "$new" && mv -f "$new" "$MAILBOXES" || { rm -f "$new"; echo 'the record could not be written: disk full?' >&2; exit 1; }
  unlisted "$here/live"
  sed -n 's/^failed\t\([^\t]*\)\t/note not recorded: \1: /p' "$here/live"
  awk -F '\t' '$1 == "user" { users++ } $1 == "folder" { folders++ } END { print "recorded " users + 0 " " folders + 0 }' "$here/live"
}

case $round in
  staged) staged ;;
  record) record ;;
esac
exit 0
