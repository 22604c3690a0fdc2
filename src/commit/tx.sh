#!/bin/sh
# The transaction, as the host carries it out by itself: sh tx.sh run|recover|boot DIRECTORY
# The folder is the journal. What is in it when it starts:
#   manifest   a line a file: NUMBER KIND SHA256-BEFORE SHA256-AFTER MODE OWNER TARGET   (KIND is edit, new or remove)
#   after/N    the new bytes
#   activate   a line a daemon: UNIT HOW   (HOW is reload, restart or start)
#   ports      ports that must listen at the end, a line each
#   timeout    seconds to wait for the controller's word
# What comes to it: before/N (with owner, mode, times, attributes), state, log, and the controller's word in confirm or undo.
# docs/transaction.md tells the states and how to recover by hand.
# shellcheck disable=SC2069 # "2>&1 >/dev/null" is meant: only what goes to standard error counts as an opinion.
# shellcheck disable=SC2015 # "a && b || c" is meant: c also when b fails.
# shellcheck disable=SC2317,SC2329 # functions are called through "each".
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077

LOCK=/run/harden-mail.lock
UNIT=/etc/systemd/system/harden-mail-recover.service
WANTS=/etc/systemd/system/multi-user.target.wants/harden-mail-recover.service

mode=$1
tx=${2%/}
id=${tx##*/}
step=start

say() { printf '%s\n' "$*" >>"$tx/log"; }
enter() { step=$1; say "step $step"; }
state() { printf '%s\n' "$1" >"$tx/state.new" && sync "$tx/state.new" && mv -f "$tx/state.new" "$tx/state" && sync "$tx"; }
is() { [ -r "$tx/$1" ] && read -r is_word <"$tx/$1" && [ "$is_word" = "$2" ]; }
digest() { [ -f "$1" ] && sha256sum <"$1" | cut -c 1-64; }
staged() { printf '%s/.harden-mail.%s.%s' "${1%/*}" "$id" "$2"; }
each() { # FUNCTION: for every line of the manifest, until one fails
  while read -r n kind sha_before sha_after bits owner target; do "$1" || return 1; done <"$tx/manifest"
}
end() { # STATE REASON
  state "$1"
  [ -z "$locked" ] || rm -f "$LOCK"
  say "end $id $1 $step $2"
  exit 0
}

locked=
lock() { # SECONDS: how long to wait for it
  while :; do
    exec 9>>"$LOCK" || return 1
    flock -w "$1" 9 || return 1
    # Whoever held it took the file away at the end: then this is a lock on nothing, and there is a new one.
    [ "$(stat -L -c %i /proc/self/fd/9 2>/dev/null)" != "$(stat -c %i "$LOCK" 2>/dev/null)" ] || break
  done
  locked=yes
  printf 'transaction %s of %s, since %s\n' "$id" "$(cat "$tx/who" 2>/dev/null)" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$LOCK"
}

# ── before the swap: any failure here leaves the host as it was ───────────────────────────────────────────────────────

compare_one() {
  if [ "$kind" = new ]; then
    [ ! -e "$target" ] && [ ! -L "$target" ] || { reason="$target has appeared since it was read"; return 1; }
  else
    [ "$(digest "$target")" = "$sha_before" ] || { reason="$target has changed since it was read"; return 1; }
  fi
}

journal_one() {
  [ "$kind" = remove ] || [ "$(digest "$tx/after/$n")" = "$sha_after" ] || { reason="the new bytes of $target did not arrive whole"; return 1; }
  [ "$kind" = new ] && return 0
  cp -a "$target" "$tx/before/$n" && sync "$tx/before/$n" || { reason="no copy of $target could be made: disk full?"; return 1; }
}

stage_one() {
  [ "$kind" != remove ] || return 0
  new=$(staged "$target" "$n")
  if [ "$kind" = new ]; then
    (umask 022 && mkdir -p "${target%/*}") && cat "$tx/after/$n" >"$new" && chown "$owner" "$new" && chmod "$bits" "$new"
  else
    cp -a "$target" "$new" && cat "$tx/after/$n" >"$new"
  fi && [ "$(digest "$new")" = "$sha_after" ] && sync "$new" && return 0
  reason="$target could not be staged in ${target%/*}: disk full or read-only?"
  return 1
}

unstage_one() { rm -f "$(staged "$target" "$n")"; return 0; }

arm() { # a reboot in the middle puts all back before the daemons start
  [ -d /run/systemd/system ] || return 0
  cat >"$UNIT" <<END && mkdir -p "${WANTS%/*}" && ln -sf "$UNIT" "$WANTS"
[Unit]
Description=harden-mail: put back what an unfinished transaction changed
DefaultDependencies=no
After=local-fs.target
Before=postfix.service postfix@-.service dovecot.service
RequiresMountsFor=/var/lib/harden-mail

[Service]
Type=oneshot
TimeoutStartSec=60s
ExecStart=/bin/sh $tx/tx.sh boot $tx

[Install]
WantedBy=multi-user.target
END
}

disarm() { rm -f "$WANTS" "$UNIT"; }

# What the daemons' own parsers say to the files as they stand, line numbers aside (an edit moves them).
opinions() {
  if command -v postconf >/dev/null; then
    postconf -n 2>&1 >/dev/null || echo "postconf -n: exit status $?"
    postconf -M 2>&1 >/dev/null || echo "postconf -M: exit status $?"
    postfix check 2>&1 || echo "postfix check: exit status $?"
  fi
  if command -v doveconf >/dev/null; then
    # -x also opens the files that settings name; what it prints holds keys and goes nowhere.
    doveconf -n -x 2>&1 >/dev/null || echo "doveconf -n: exit status $?"
  fi
}

bind_one() {
  [ "$kind" != edit ] || mount --bind "$(staged "$target" "$n")" "$target"
}

script_one() {
  [ "$kind" != remove ] || return 0
  case $target in /etc/letsencrypt/renewal-hooks/*) sh -n "$tx/after/$n" ;; esac
}

validate() {
  opinions >"$tx/opinions.before" &
  if unshare -m true 2>/dev/null; then
    # In a mount namespace of its own the staged files lie over the real ones: the daemons' parsers see what would be.
    unshare -m --propagation private sh "$tx/tx.sh" opinions "$tx" >"$tx/opinions.after" 2>&1
  else
    say "note this host allows no mount namespace: the new files are checked in a copy"
    opinions_of_copy >"$tx/opinions.after" 2>&1
  fi
  wait
  for opinion in before after; do
    # Line numbers move with an edit, and postfix check calls postconf by its whole path.
    sed 's/line [0-9]*/line N/g; s/:[0-9][0-9]*:/:N:/g; s,^/[^ ]*/\([a-z]*: \),\1,' "$tx/opinions.$opinion" | sort -u >"$tx/opinions.$opinion.sorted"
  done
  reason=$(comm -13 "$tx/opinions.before.sorted" "$tx/opinions.after.sorted" | tr '\n' '|' | sed 's/|$//; s/|/ | /g')
  rm -f "$tx"/opinions.*
  [ -z "$reason" ] && each script_one
}

opinions_of_copy() {
  copy=$(mktemp -d "$tx/copy.XXXXXX") && cp -a /etc/postfix /etc/dovecot "$copy/" 2>/dev/null
  copy_one() { case $target in /etc/postfix/* | /etc/dovecot/*) cat "$tx/after/$n" >"$copy/${target#/etc/}" ;; esac; }
  each copy_one
  [ ! -d "$copy/postfix" ] || postconf -c "$copy/postfix" -n 2>&1 >/dev/null || echo "postconf -n: exit status $?"
  [ ! -d "$copy/dovecot" ] || doveconf -c "$copy/dovecot/dovecot.conf" -n -x 2>&1 >/dev/null || echo "doveconf -n: exit status $?"
  rm -rf "$copy"
}

# ── the swap and after: any failure here puts all back ────────────────────────────────────────────────────────────────

swap_one() {
  compare_one || return 1
  if [ "$kind" = remove ]; then rm -f "$target"; else mv -fT "$(staged "$target" "$n")" "$target"; fi &&
    sync "${target%/*}" && return 0
  reason="$target could not be replaced"
  return 1
}

unit_of() { # On Debian up to 12 postfix.service only runs /bin/true; the daemon is postfix@-.
  if [ "$1" = postfix ] && systemctl is-active -q postfix@- 2>/dev/null; then echo postfix@-; else echo "$1"; fi
}

activate_unit() { # UNIT HOW
  if [ ! -d /run/systemd/system ]; then
    case $1 in postfix) postfix reload || postfix start ;; dovecot) doveadm reload || dovecot ;; esac 9>&-
  elif [ "$2" = reload ] && systemctl is-active -q "$(unit_of "$1")"; then
    systemctl reload "$(unit_of "$1")"
  else
    systemctl restart "$1"
  fi
}

activate() {
  while read -r unit how; do
    enter "activate-$unit"
    activate_unit "$unit" "$how" >"$tx/activate.out" 2>&1 || { reason="$how of $unit failed: $(tail -n 1 "$tx/activate.out")"; return 1; }
  done <"$tx/activate"
  rm -f "$tx/activate.out"
  enter listen
  tries=0
  until missing=$(not_listening) && [ -z "$missing" ]; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { reason="nothing listens on port $missing after the $(cut -d ' ' -f 2 "$tx/activate" | sort -u | tr '\n' ' ')"; return 1; }
    sleep 0.1
  done
}

listening() { ss -Hltn 2>/dev/null | sed -n 's/^[^ ]* *[^ ]* *[^ ]* *[^ ]*:\([0-9]*\) .*/\1/p' | sort -u; }
not_listening() { # prints the first port that is missing; nothing where the host has no ss to ask
  command -v ss >/dev/null || return 0
  listening >"$tx/listening"
  grep -vxFf "$tx/listening" "$tx/ports" | head -n 1
  rm -f "$tx/listening"
}

await() {
  read -r seconds <"$tx/timeout"
  deadline=$(($(date +%s) + seconds))
  say "awaiting $id"
  while [ "$(date +%s)" -lt "$deadline" ]; do
    [ ! -e "$tx/confirm" ] || return 0
    if [ -e "$tx/undo" ]; then reason=$(cat "$tx/undo"); return 1; fi
    sleep 0.05
  done
  reason="no word from the controller for $seconds seconds"
  return 1
}

restore_one() {
  now=$(digest "$target")
  rm -f "$(staged "$target" "$n")"
  if [ "$kind" = new ]; then
    [ -n "$now" ] || return 0
    [ "$now" = "$sha_after" ] && rm -f "$target" && return 0
  else
    [ "$now" != "$sha_before" ] || return 0
    # Somebody else's edit, made meanwhile, is not overwritten.
    if [ "$now" = "${sha_after#-}" ]; then
      back=$(staged "$target" "$n")
      cp -a "$tx/before/$n" "$back" && sync "$back" && mv -fT "$back" "$target" && sync "${target%/*}" && return 0
    fi
  fi
  broken="$broken $target"
  return 0
}

restore() { # REASON
  failed_at=$step
  state restoring
  broken=
  each restore_one
  # At boot the daemons are not up yet, and start only after us: to ask for them here would be to wait for ourselves.
  [ "$mode" = boot ] ||
    while read -r unit how; do activate_unit "$unit" "$how"; done <"$tx/activate" >/dev/null 2>&1
  disarm
  step=$failed_at
  [ -z "$broken" ] || end broken "$1; not put back, because somebody else changed it or it cannot be written:$broken"
  journal=$(journalctl -q --no-pager -o cat -p warning -n 3 --since "@$started" -u postfix@- -u postfix -u dovecot 2>/dev/null | tr '\n' '|')
  end rolled-back "$1${journal:+ (log: ${journal%|})}"
}

give_up() { # REASON: nothing is live yet
  each unstage_one
  disarm
  end refused "$1"
}

prune() { # the last ten stay for rollback and history
  find "${tx%/*}" -mindepth 1 -maxdepth 1 -type d -name '2*' | sort -r | tail -n +11 | while read -r old; do rm -rf "$old"; done
}

run() {
  started=$(date +%s)
  trap '' HUP INT TERM
  reason=
  enter lock && { lock 0 || end refused "$(cat "$LOCK")"; }
  enter compare && { each compare_one || end refused "$reason"; }
  enter journal && { mkdir -p "$tx/before" && each journal_one && state journaled && arm || give_up "${reason:-the journal could not be written}"; }
  enter stage && { each stage_one || give_up "$reason"; }
  enter validate && { validate || give_up "$reason"; }
  enter swap && state swapping
  each swap_one || restore "$reason"
  state swapped
  activate || restore "$reason"
  state awaiting
  enter confirm && { await || restore "$reason"; }
  disarm
  step=end
  state committed
  prune
  end committed ''
}

recover() {
  started=$(date +%s)
  read -r before_state <"$tx/state" 2>/dev/null || before_state=new
  case $before_state in committed | refused | rolled-back | broken) disarm; exit 0 ;; esac
  lock 30 || exit 1
  step=recover
  case $before_state in
    new | journaled) give_up 'interrupted before anything was changed' ;;
    *) restore 'interrupted' ;;
  esac
}

case $mode in
  run) run ;;
  recover | boot) recover ;;
  opinions) each bind_one && opinions ;;
esac
