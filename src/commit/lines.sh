#!/bin/sh
# Checks what the daemons log about the new files: sh lines.sh mark|judge DIRECTORY, called by tx.sh.
#   mark    the daemons have loaded the new files: remember the time
#   judge   compare the kinds of lines since then with those from the ten minutes before it and from the transaction
# A new kind of fatal error or panic is a reason to restore ("refuse WORDS"); any other new error is reported ("note TEXT").
# A kind is a line without its variable parts: numbers, addresses, users, text in brackets or quotes. Errors that strangers can
# cause (failed TLS, wrong passwords) prove nothing about the files; a stranger cannot cause a fatal error, except during a reload: see $ORPHANS.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077

what=$1
tx=${2%/}
here=$TALKS/${tx##*/}

# While Dovecot reloads, its old config process ends. A process that a client starts in that moment asks it, and dies. Such a death proves
# nothing either, unless it comes again once the reload is over. (tx.sh revives an smtpd that asks the old auth process.)
ORPHANS="(Error reading|Failed to read) configuration: (read[(]|fd_read[(]|stat[(]$DOVECOT_RUN/config[)]).*(Connection reset by peer|No such file or directory|EOF)"
RELOAD_SECONDS=5

lines() { timeout 5 journalctl -q --no-pager -o cat -u postfix -u postfix@- -u dovecot "$@" | head -n 2000; } 2>/dev/null

new_kinds() { # PRIORITY: prints the first line of each kind that did not occur before
  lines -p "$1" --since -10min --until now >"$here/lines.all"
  lines -p "$1" --since "@$changed" >"$here/lines.new"
  # Lines after the mark are in both lists.
  awk 'FILENAME ~ /new$/ { since[$0]++; next } { if (since[$0] > 0) since[$0]--; else print }' "$here/lines.new" "$here/lines.all" >"$here/lines.old"
  drop_orphans "$1"
  awk 'function kind(line) {
      gsub(/<[^>]*>|\([^)]*\)|"[^"]*"|[^ ]*@[^ ]*/, "", line); gsub(/[0-9a-fA-F:.]*[0-9][0-9a-fA-F:.]*/, "N", line); return line
    }
    FILENAME ~ /old$/ { known[kind($0)] = 1; next }
    !(kind($0) in known) { known[kind($0)] = 1; print }' "$here/lines.old" "$here/lines.new"
  rm -f "$here"/lines.*
}

drop_orphans() { # PRIORITY: edits lines.new
  grep -qE "$ORPHANS" "$here/lines.new" || return 0
  # A second line of Dovecot's master reports each death.
  lines -p "$1" --since "@$changed" --until "@$settled" | grep -vE "$ORPHANS|returned error 89 \(Fatal failure\)" >"$here/lines.new"
  lines -p "$1" --since "@$settled" >>"$here/lines.new"
}

joined() { head -n 2 | cut -c 1-300 | tr '\n' '|' | sed 's/|$//; s/|/ | /g'; }

case $what in
  mark)
    # A time, not a cursor: with a cursor, journalctl of systemd 252 skips the first matching line.
    date +%s.%6N >"$here/changed"
    ;;
  judge)
    read -r changed <"$here/changed" || exit 0
    settled=$((${changed%.*} + RELOAD_SECONDS))
    timeout 5 journalctl --sync 2>/dev/null
    lines -p err --since "@$changed" | grep -q . || exit 0
    fatal=$(new_kinds crit | joined)
    other=$(new_kinds err | grep -viE 'ssl|tls|auth.* failed|password' | joined)
    if [ -n "$fatal" ] && [ ! -e "$tx/rollback" ]; then printf 'refuse the daemons say since the change: %s\n' "$fatal"
    elif [ -n "$other" ]; then printf 'note the daemons say since the change: %s\n' "$other"; fi
    ;;
esac
exit 0
