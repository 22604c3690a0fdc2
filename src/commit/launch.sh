# Takes a transaction's folder, which the lines before this one have filled ($tx), starts it in a session of its own, and
# repeats its log until it ends or waits for a word. Losing this connection loses only the view.
# shellcheck shell=sh disable=SC2154 # $tx is set by the lines before
talk=/run/harden-mail/${tx##*/}

log() { # While it runs the log is in memory; at its end it is kept with the journal.
  cat "$talk/log" 2>/dev/null || cat "$tx/log" 2>/dev/null
}

# Prints what is appended to standard input, until its last line tells how it stands. A look costs no process but the sleep:
# a small host has work to do meanwhile.
pass_on() { # FROM-LINE
  at=0 part='' last=''
  while :; do
    while IFS= read -r line; do
      line=$part$line part='' at=$((at + 1))
      [ $at -gt "$1" ] || continue
      printf '%s\n' "$line"
      last=$line silent=0
    done
    part=$part$line
    case $last in 'end '* | 'awaiting '*) return 0 ;; esac
    ! is_lost || return 0
  done
}

is_lost() { # Nobody is at work, and has not been for a while: it died, and what should have put back did too.
  silent=$((silent + 1))
  sleep 0.05
  [ $((silent % 100)) = 0 ] && [ $silent -ge 300 ] || return 1
  { [ ! -e /run/harden-mail.lock ] || flock -n /run/harden-mail.lock true; } && echo lost
}

follow() { # FROM-LINE
  silent=0
  until { pass_on "$1" <"$talk/log" || pass_on "$1" <"$tx/log"; } 2>/dev/null; do ! is_lost || return 0; done
}

# What was refused changed nothing, and would only push out of the history what did. The manifest goes first: systemd may
# call "recover" at this very moment, and knows by it that there is nothing to recover.
tidy() {
  read -r how <"$tx/state" && [ "$how" = refused ] && rm -f "$tx/manifest" && rm -rf "$tx"
  return 0
}

start() {
  mkdir -p "$talk" || return 1
  if [ -d /run/systemd/system ]; then
    # Should the transaction itself be killed, systemd puts back what it had changed.
    systemd-run --quiet --collect --unit="harden-mail-${tx##*/}" -p TimeoutStopSec=90s \
      -p "ExecStopPost=/bin/sh $tx/tx.sh recover $tx" /bin/sh "$tx/tx.sh" run "$tx"
  else
    setsid sh "$tx/tx.sh" run "$tx" </dev/null >/dev/null 2>&1 &
  fi
}
