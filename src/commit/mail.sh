# shellcheck shell=sh disable=SC2154 # tx, talk, id are set by the script that reads this file
# Mail during a transaction. tx.sh reads this file (with ".") and calls what is here; nothing here is a reason to fail.
# Lines that are added to main.cf are its last ones. The file without them has a second name meanwhile, and gets its place back at
# the end; if somebody has edited main.cf in between, only the added lines are taken out.

append() { # COMMENT LINE NAME: the file without the two lines keeps the NAME
  main=$(readlink -e "$MAIN_CF") && ! grep -qxF "$1" "$main" || return 0
  new=$(staged "$main" added)
  {
    cp -a "$main" "$new" && { [ -z "$(tail -c 1 "$new")" ] || echo >>"$new"; } &&
      printf '%s\n%s\n' "$1" "$2" >>"$new" && cool "$new" && sync "$new" &&
      ln -f "$main" "$(aside "$3")" && mv -fT "$new" "$main" && sync "${main%/*}"
  } || { rm -f "$new"; return 1; }
} 2>/dev/null

aside() { printf '%s/.harden-mail.%s.%s' "${main%/*}" "$id" "$1"; }

take_out() { # COMMENT NAME
  main=$(readlink -e "$MAIN_CF") && rm -f "$(staged "$main" added)" && [ -e "$(aside "$2")" ] || return 0
  if [ "$(sed '$d' "$main" | sed '$d' | sha256sum)" = "$( { cat "$(aside "$2")"; [ -z "$(tail -c 1 "$(aside "$2")")" ] || echo; } | sha256sum)" ]; then
    mv -fT "$(aside "$2")" "$main" && sync "${main%/*}"
  else
    new=$(staged "$main" added)
    sed "/^$1\$/{N;d}" "$main" >"$new" && cat "$new" >"$main"
    rm -f "$new" "$(aside "$2")"
  fi
} 2>/dev/null

# ── mail that would meet a Dovecot which does not run ─────────────────────────────────────────────────────────────────

# After an upgrade Dovecot's LDA does not run with files of the old release, and a delivery agent of Postfix returns the mail. So
# until Dovecot runs, Postfix keeps such mail in the queue (soft_bounce). If Dovecot does not run in the end either, the lines stay,
# and the next apply removes them.
HELD='# harden-mail: mail that fails waits in the queue, and is not returned; the next apply removes these two lines'

must_hold() { [ -e "$tx/hold" ]; }
needs_hold() { # at the start: Dovecot shall run, and has failed; one that the administrator has stopped is as he wants it
  [ -d "$SYSTEMD" ] && grep -q '^dovecot ' "$tx/activate" && ! grep -qx dovecot "$tx/running" && main=$(readlink -e "$MAIN_CF") &&
    { grep -q '^dpkg ' "$tx/activate" || systemctl is-failed -q dovecot || grep -qxF "$HELD" "$main"; }
}

hold() { append "$HELD" 'soft_bounce = yes' free || :; }

resting= # set while deliveries rest over several steps
hold_all() { # deliveries rest until Dovecot runs, so that no agent is at work when Postfix is stopped in between
  hold
  resting=yes
  rest_deliveries
}

let_go() { # main.cf is again as it was before "hold" and "defer"
  resting=
  take_out "$CALM" calm
  take_out "$HELD" free
}

keeps_mail() { main=$(readlink -e "$MAIN_CF") && grep -qxF "$HELD" "$main" && rm -f "$(aside free)"; } # the lines stay

# ── mail that is being delivered when Postfix stops ───────────────────────────────────────────────────────────────────

# A Postfix that stops kills its delivery agents (SIGTERM). One that has delivered a mail and has not marked it in the queue yet
# delivers it a second time after the start. So before a stop all transports are deferred, and the agents at work come to their end.
CALM='# harden-mail: deliveries wait until Postfix has started again; the end of this transaction removes these two lines'

defer() {
  transports=$(postconf -M 2>/dev/null | awk '$2 == "unix" { print $1 }' | tr '\n' ' ')
  [ -z "$transports" ] || ! append "$CALM" "defer_transports = ${transports% }" calm || : >"$tx/deferred"
} 2>/dev/null

rest_deliveries() { # at most 10 s for those that are at work
  defer
  # Postfix's own command: systemd does not reload the Postfix that an upgrade has left running.
  postfix reload </dev/null >/dev/null 2>&1 9>&-
  sleep 0.3 # until then the old queue manager may hand out a mail
  tries=0
  while delivers && [ $tries -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
}

# A delivery agent has the mail's file open until its recipients are marked. A queue manager that starts moves the file.
delivers() {
  # shellcheck disable=SC2046 # numbers of processes
  set -- $(find /proc/[0-9]*/fd \( -lname '/*/active/*' -o -lname '/*/incoming/*' -o -lname '/*/deferred/*' \) 2>/dev/null | cut -d / -f 3 | sort -u)
  for pid; do
    read -r name </proc/"$pid"/comm 2>/dev/null || continue
    case $name in *qmgr | cleanup | bounce | showq | postsuper) ;; *) return 0 ;; esac
  done
  return 1
}

before_stop() { # Postfix is about to be stopped or started again. Also an idle one: a mail may come in before it ends
  { runs postfix || is_stale postfix; } && command -v postconf >/dev/null || return 0
  rest_deliveries
  [ -n "$resting" ] || take_out "$CALM" calm # the running Postfix has read the lines, and its successor shall not
}

after_stop() { # A Postfix that was not started again reads its file without the lines.
  [ ! -e "$tx/deferred" ] || [ -n "$resting" ] || reload_postfix
}

retry_deferred() { ! [ -e "$tx/deferred" ] || postqueue -f </dev/null >/dev/null 2>&1; }
