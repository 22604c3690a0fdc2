# Takes a transaction's folder, which the lines before this one have filled ($tx), starts it in a session of its own, and
# repeats its log until it ends or waits for a word. Losing this connection loses only the view.
# shellcheck shell=sh disable=SC2154 # $tx is set by the lines before
talk=/run/harden-mail/${tx##*/}

log() { # While it runs the log is in memory; at its end it is kept with the journal.
  cat "$talk/log" 2>/dev/null || cat "$tx/log" 2>/dev/null
}

follow() { # FROM-LINE: print the log until the line that tells how it stands
  at=$1
  silent=0
  while :; do
    fresh=$(log | tail -n "+$((at + 1))")
    if [ -n "$fresh" ]; then
      printf '%s\n' "$fresh"
      at=$((at + $(printf '%s\n' "$fresh" | wc -l)))
      case $(printf '%s\n' "$fresh" | tail -n 1) in 'end '* | 'awaiting '*) return 0 ;; esac
      silent=0
    elif [ $((silent % 100)) = 99 ] && { [ ! -e /run/harden-mail.lock ] || flock -n /run/harden-mail.lock true; }; then
      # Nobody is at work, and has not been for a while: it died, and what should have put back did too.
      [ $silent -lt 200 ] || { echo lost; return 0; }
    fi
    silent=$((silent + 1))
    sleep 0.05
  done
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
