# Starts the transaction whose folder ($tx) the preceding lines have filled. It runs in its own session; this script repeats its
# log until the transaction ends or waits for an answer. Losing this connection does not stop the transaction.
# shellcheck shell=sh disable=SC2154 # $tx is set by the lines before
talk=$TALKS/${tx##*/}

log() { # While the transaction runs its log is in memory; after its end the log is kept with the journal.
  cat "$talk/log" 2>/dev/null || cat "$tx/log" 2>/dev/null
}

# Prints the lines appended to standard input until the last one tells the state. A round starts no process except sleep: a small
# host is busy meanwhile.
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

is_lost() { # No process holds the lock, and the log has been silent for a while: the transaction and its recovery have died.
  silent=$((silent + 1))
  sleep 0.02
  [ $((silent % 250)) = 0 ] && [ $silent -ge 750 ] || return 1
  { [ ! -e "$LOCK" ] || flock -n 8 8<"$LOCK"; } 2>/dev/null && echo lost
}

follow() { # FROM-LINE
  silent=0
  until { pass_on "$1" <"$talk/log" || pass_on "$1" <"$tx/log"; } 2>/dev/null; do ! is_lost || return 0; done
}

# Removes a refused transaction: it changed nothing, and would push real changes out of the history. The manifest goes first:
# systemd may call "recover" at this moment, and without a manifest "recover" does nothing.
tidy() {
  read -r how <"$tx/state" && [ "$how" = refused ] && rm -f "$tx/manifest" && rm -rf "$tx"
  return 0
}

start() {
  mkdir -p "$talk" || return 1
  if [ -d "$SYSTEMD" ]; then
    # If the transaction itself is killed, systemd restores what it had changed.
    systemd-run --quiet --collect --unit="harden-mail-${tx##*/}" -p TimeoutStopSec=90s \
      -p "ExecStopPost=/bin/sh $tx/tx.sh recover $tx" /bin/sh "$tx/tx.sh" run "$tx"
  else
    setsid sh "$tx/tx.sh" run "$tx" </dev/null >/dev/null 2>&1 &
  fi
}
