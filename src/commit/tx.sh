#!/bin/sh
# The transaction. The host runs it without the controller: sh tx.sh run|recover|boot DIRECTORY
# The directory is the journal. Before the start it holds:
#   manifest   one line per file: NUMBER KIND SHA256-BEFORE SHA256-AFTER MODE OWNER TARGET   (KIND is edit, new or remove)
#   after/N    the new bytes
#   activate   one line per unit: UNIT HOW   (HOW is reload, restart, start or stop; "dpkg configure" finishes an upgrade)
#   ports      ports that must listen at the end, one per line
#   timeout    seconds to wait for the controller's answer
#   hold       written here where Dovecot has failed before: mail is kept in the queue until it runs
#   deferred   written here where deliveries have rested: mail that was put off is tried at the end
#   mail.sh    mail that waits during the transaction
#   sessions.sh, answers.sh, lines.sh   the checks of users' sessions and of the daemons' log; a missing script is skipped
#   mailboxes  where Dovecot's files are converted: "sample" or "all", the users whose mailboxes mailboxes.sh compares
# The run adds before/N (with owner, mode, times, attributes), state, folders (created for new files), running and serving
# (units that ran and mail ports that were open before), and at the end log. Until then the log and the controller's answer
# (confirm or undo) are in /run/harden-mail/ID, because a full or read-only disk does not affect /run.
# docs/transaction.md describes the states and how to recover by hand.
# shellcheck disable=SC2069 # "2>&1 >/dev/null" is intended: only output on standard error counts as an opinion.
# shellcheck disable=SC2015 # "a && b || c" is intended: c also runs when b fails.
# shellcheck disable=SC2317,SC2329 # functions are called through "each".
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077

mode=$1
PATIENCE=600 # seconds
[ "$mode" = run ] || PATIENCE=60
tx=${2%/}
id=${tx##*/}
talk=$TALKS/$id
step=start

say() { printf '%s\n' "$*" >>"$talk/log"; }
enter() { step=$1; say "step $step"; }
# Overwrites in place with a fixed length: this needs no space, so it also works on a full disk.
state() { printf '%-12s\n' "$1" 1<>"$tx/state" && sync "$tx/state"; } 2>/dev/null
digest() { [ -f "$1" ] && set -- "$(sha256sum <"$1")" && printf '%s' "${1%% *}"; }
staged() { printf '%s/.harden-mail.%s.%s' "${1%/*}" "$id" "$2"; }
old() { printf '%s/.harden-mail.%s.%s.old' "${1%/*}" "$id" "$2"; }
clock() { read -r up _ </proc/uptime && now=${up%.*}; } # sets $now, in seconds since boot; unlike the wall clock it never jumps
each() { # FUNCTION: calls it for every line of the manifest, until a call fails
  while read -r n kind sha_before sha_after bits owner target; do "$1" || return 1; done <"$tx/manifest"
}
end() { # STATE REASON
  [ -z "$locked" ] || rm -f "$LOCK"
  say "end $id $1 $step $2"
  cp "$talk/log" "$tx/log" 2>/dev/null && rm -rf "$talk" && rmdir "${talk%/*}"
  exit 0
} 2>/dev/null

locked=
lock() { # SECONDS: how long to wait for the lock
  while :; do
    exec 9>>"$LOCK" || return 1
    flock -w "$1" 9 || return 1
    # The previous holder may have removed the file at its end: then this locks a deleted file, and a new file exists.
    [ "$(stat -L -c %i /proc/self/fd/9 2>/dev/null)" != "$(stat -c %i "$LOCK" 2>/dev/null)" ] || break
  done
  locked=yes
  printf 'transaction %s of %s, since %s\n' "$id" "$(cat "$tx/who" 2>/dev/null)" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$LOCK"
}

# ── before the swap: a failure here leaves the host unchanged ─────────────────────────────────────────────────────────

compare_one() {
  if [ "$kind" = new ]; then
    [ ! -e "$target" ] && [ ! -L "$target" ] || { reason="$target has appeared since it was read"; return 1; }
  else
    [ "$(digest "$target")" = "$sha_before" ] || { reason="$target has changed since it was read"; return 1; }
  fi
}

journal_one() {
  [ "$kind" = remove ] || [ "$(digest "$tx/after/$n")" = "$sha_after" ] || { reason="the new bytes of $target arrived incomplete"; return 1; }
  [ "$kind" = new ] && return 0
  cp -a "$target" "$tx/before/$n" && sync "$tx/before/$n" || { reason="no copy of $target could be made: disk full?"; return 1; }
}

# A hard link beside the target keeps the old file: restoring it needs no space and loses nothing. A file that cannot have
# a hard link (immutable, or a mount point) could not be replaced either.
keep_one() {
  [ "$kind" != new ] || return 0
  [ "$(stat -c %h "$target")" = 1 ] || { reason="$target has a second name (a hard link), and a replacement would separate the two names"; return 1; }
  ln "$target" "$(old "$target" "$n")" && return 0
  reason="$target cannot be replaced: $(obstacle)"
  return 1
} 2>/dev/null

obstacle() {
  if grep -q "^[^ ]* [^ ]* [^ ]* [^ ]* $target " /proc/self/mountinfo; then
    echo "it is a mount of its own (umount it, or change what is mounted there)"
  elif lsattr -d "$target" 2>/dev/null | grep -q '^[^ ]*[ia][^ ]* '; then
    echo "it is immutable or append-only (chattr -i -a)"
  else
    ln "$target" "$(old "$target" "$n")" 2>&1 | sed 's/.*: //'
  fi
}

stage_one() {
  [ "$kind" != remove ] || return 0
  new=$(staged "$target" "$n")
  [ "$kind" != new ] || make_folder "${target%/*}"
  # -C creates the file or fails (O_EXCL): a link that another user has laid there would lead the bytes elsewhere.
  (set -C && : >"$new") && if [ "$kind" = new ]; then
    cat "$tx/after/$n" >"$new" && chown "$owner" "$new" && chmod "$bits" "$new"
  else
    cp -a "$target" "$new" && cat "$tx/after/$n" >"$new"
  fi && cool "$new" && [ "$(digest "$new")" = "$sha_after" ] && sync "$new" && return 0
  reason="$target could not be staged in ${target%/*}: disk full or read-only?"
  return 1
}

# Postfix waits when it reads a main.cf younger than two seconds, because the file may still be being written
# (dict_load_file_xt). That would delay each Postfix program here and every daemon after the swap. These files are complete.
cool() { touch -d '3 seconds ago' "$1"; }

make_folder() { # FOLDER: first records each folder that it will create
  folder=$1
  while [ ! -d "$folder" ]; do printf '%s\n' "$folder" && folder=${folder%/*}; done >>"$tx/folders"
  (umask 022 && mkdir -p "$1")
}

unmake_folders() { # inner folders first; a folder that is in use by now stays
  [ -e "$tx/folders" ] || return 0
  sort -r "$tx/folders" | while read -r folder; do rmdir "$folder"; done
  return 0
} 2>/dev/null

# Removes the drop-in folder of a unit if the removed file was its last.
drop_folder() {
  case "$kind $target" in "remove $UNITS/"*.d/*) rmdir --ignore-fail-on-non-empty "${target%/*}" ;; esac
  return 0
} 2>/dev/null

clean_one() { rm -f "$(staged "$target" "$n")" "$(old "$target" "$n")"; }

arm() { # after a reboot in the middle, this unit restores everything before the daemons start
  [ -d "$SYSTEMD" ] || return 0
  cat >"$RECOVER_UNIT" <<END && mkdir -p "${RECOVER_AT_BOOT%/*}" && ln -sf "$RECOVER_UNIT" "$RECOVER_AT_BOOT"
[Unit]
Description=harden-mail: put back what an unfinished transaction changed
DefaultDependencies=no
After=local-fs.target
Before=postfix.service postfix@-.service dovecot.service
RequiresMountsFor=$STORE

[Service]
Type=oneshot
TimeoutStartSec=60s
ExecStart=/bin/sh $tx/tx.sh boot $tx

[Install]
WantedBy=multi-user.target
END
}

disarm() { ! grep -qs " $tx\$" "$RECOVER_UNIT" || rm -f "$RECOVER_AT_BOOT" "$RECOVER_UNIT"; } # removes the unit only if it belongs to this transaction

# Prints what the daemons' own parsers report about the current files. The comparison ignores line numbers (an edit moves them).
# `postfix check` takes longer than all others, which run meanwhile.
opinions() { opinion_of_check | { opinions_of_parsers; cat; }; }

opinion_of_check() {
  ! command -v postconf >/dev/null || { postfix check 2>&1 || echo "postfix check: exit status $?"; } |
    # Debian's script also reports which files it copied into the chroot. That is not an opinion about the configuration.
    sed '/^updating .* => /d'
}

opinions_of_parsers() {
  if command -v postconf >/dev/null; then
    postconf -n 2>&1 >/dev/null || echo "postconf -n: exit status $?"
    postconf -M 2>&1 >/dev/null || echo "postconf -M: exit status $?"
  fi
  if command -v doveconf >/dev/null; then
    # -x also opens the files that settings name. Its output contains keys, so it is discarded.
    doveconf -n -x 2>&1 >/dev/null || echo "doveconf -n: exit status $?"
  fi
}

bind_one() {
  [ "$kind" != edit ] || mount --bind "$(staged "$target" "$n")" "$target"
}

script_one() {
  [ "$kind" != remove ] || return 0
  case $target in "$RENEWAL_HOOKS"/* | "$WATCH_SCRIPT") sh -n "$tx/after/$n" ;; esac
}

validate() {
  if unshare -m true 2>/dev/null; then
    # In a separate mount namespace the staged files cover the real ones: the daemons' parsers see the future configuration.
    unshare -m --propagation private sh "$tx/tx.sh" opinions "$tx" >"$talk/opinions.after" 2>&1
  else
    say "note this host allows no mount namespace: the new files are checked in a copy"
    opinions_of_copy >"$talk/opinions.after" 2>&1
  fi
  if [ -s "$talk/opinions.after" ]; then
    # Warnings that the old files also cause are no reason to refuse. Checking the old files costs a second: only if needed.
    opinions >"$talk/opinions.before"
    # A rollback returns to bytes that always caused their warnings: here only errors are a reason to refuse.
    [ ! -e "$tx/rollback" ] || sed -i '/[Ww]arning: /d' "$talk/opinions.before" "$talk/opinions.after"
    # Files with which Dovecot does not start give no other warnings: those of the new ones are no reason to keep it down.
    if grep -q '^doveconf: Fatal: ' "$talk/opinions.before"; then
      sed -n 's/^doveconf: Warning: /note doveconf warns: /p' "$talk/opinions.after" >>"$talk/log"
      sed -i '/^doveconf: Warning: /d' "$talk/opinions.after"
    fi
    for opinion in before after; do
      # Line numbers move with an edit, and postfix check calls postconf by its full path.
      sed 's/line [0-9]*/line N/g; s/:[0-9][0-9]*:/:N:/g; s,^/[^ ]*/\([a-z]*: \),\1,' "$talk/opinions.$opinion" | sort -u >"$talk/opinions.$opinion.sorted"
    done
    reason=$(comm -13 "$talk/opinions.before.sorted" "$talk/opinions.after.sorted" | tr '\n' '|' | sed 's/|$//; s/|/ | /g')
  fi
  rm -f "$talk"/opinions.*
  [ -z "$reason" ] && each script_one
}

opinions_of_copy() {
  copy=$(mktemp -d "$tx/copy.XXXXXX") || { echo 'there is no space for a copy to check'; return; }
  cp -a "$POSTFIX" "$DOVECOT" "$copy/" 2>/dev/null
  copy_one() {
    case $target in "$POSTFIX"/* | "$DOVECOT"/*) ;; *) return 0 ;; esac
    copied=$copy/${target#"${POSTFIX%/*}/"}
    cat "$tx/after/$n" >"$copied" && cool "$copied"
  }
  each copy_one || echo 'there is no space for a copy to check'
  [ ! -d "$copy/postfix" ] || postconf -c "$copy/postfix" -n 2>&1 >/dev/null || echo "postconf -n: exit status $?"
  [ ! -d "$copy/dovecot" ] || doveconf -c "$copy/dovecot/dovecot.conf" -n -x 2>&1 >/dev/null || echo "doveconf -n: exit status $?"
  rm -rf "$copy"
}

# ── what users get, and what the daemons log ──────────────────────────────────────────────────────────────────────────

# Sessions of users are checked where a file of Dovecot's changes.
concerns_users() {
  [ -e "$tx/sessions.sh" ] && grep -qE '^dovecot (re|start)' "$tx/activate" &&
    cut -d ' ' -f 7 "$tx/manifest" | grep -qvE "^($POSTFIX|$UNITS|$LETSENCRYPT|$STORE)/"
}

ask() { # SCRIPT ROUND: keeps what it says until "heed"
  [ -e "$tx/$1" ] || return 0
  sh "$tx/$1" "$2" "$tx" </dev/null >"$talk/verdict-$2" 2>/dev/null 9>&- || echo "note not proved: $1 ended without a result" >>"$talk/verdict-$2"
}

heed() { # ROUND: copies its notes into the log; fails with a $reason
  [ -e "$talk/verdict-$1" ] || return 0
  sed -n '/^note /p' "$talk/verdict-$1" >>"$talk/log"
  reason=$(sed -n 's/^refuse //p' "$talk/verdict-$1" | head -n 1)
  rm -f "$talk/verdict-$1"
  [ -z "$reason" ]
}

judge() { ask "$1" "$2"; heed "$2"; } # SCRIPT ROUND

reload_postfix() { ! runs postfix || is_stale postfix || activate_unit postfix reload </dev/null >/dev/null 2>&1; }

# ── the swap and after: a failure here restores everything ────────────────────────────────────────────────────────────

swap_one() {
  compare_one || return 1
  if [ "$kind" = remove ]; then rm -f "$target"; else mv -fT "$(staged "$target" "$n")" "$target"; fi &&
    sync "${target%/*}" || { reason="$target could not be replaced"; return 1; }
  # An edit between the comparison and the rename changed the old file. Restoring that file restores the edit.
  [ "$kind" = new ] || [ "$(digest "$(old "$target" "$n")")" = "$sha_before" ] && return 0
  reason="$target has changed while it was replaced"
  return 1
} 2>/dev/null

# Records which units run and which ports the mail daemons hold: after a restore both must be the same again.
look_around() {
  while read -r unit _; do
    ! runs "$unit" || printf '%s\n' "$unit" || return 1
  done <"$tx/activate" >"$tx/running" || return 1
  ss -Hltnp 2>/dev/null | grep -E '"(master|dovecot)"' | ports >"$tx/serving"
}

# Prints "own" if postfix@- runs and is Postfix's own unit: on Debian up to 12 postfix.service only runs /bin/true. Prints "stale" for the
# postfix@- that an upgrade from Debian 12 leaves running. From 13 on postfix.service is the daemon and conflicts with postfix@-. While
# postfix@- runs, systemd refuses to restart postfix ("conflicting jobs"), also for the package's own script.
instance() {
  systemctl show -p ActiveState -p Conflicts postfix@-.service postfix.service 2>/dev/null | awk -F = '
    $0 == "" { second = 1 }
    !second && /^ActiveState=(active|reloading)$/ { runs = 1 }
    second && $1 == "Conflicts" && index(" " $2 " ", " postfix@-.service ") { stale = 1 }
    END { if (runs) print stale ? "stale" : "own" }'
}

is_stale() { [ "$1" = postfix ] && [ "$(instance)" = stale ]; } # UNIT
unit_of() { if [ "$1" = postfix ] && [ "$(instance)" = own ]; then echo postfix@-; else echo "$1"; fi; } # UNIT

activate_unit() { # UNIT HOW
  if [ "$1" = dpkg ]; then
    finish_packages
  elif [ "$1" = systemd ]; then
    [ ! -d "$SYSTEMD" ] || systemctl daemon-reload
  elif [ "$2" = stop ]; then
    stop_unit "$1"
  elif [ ! -d "$SYSTEMD" ]; then
    case $1 in postfix) postfix reload || postfix start ;; dovecot) doveadm reload || dovecot ;; esac 9>&-
  elif acting=$(unit_of "$1") && [ "$2" = reload ] && systemctl is-active -q "$acting" && ! is_throttled "$1"; then
    systemctl reload "$acting"
  else
    [ "$1" != postfix ] || before_stop
    ! is_stale "$1" || { systemctl stop postfix@-; systemctl reset-failed postfix@-; } # the new unit cannot stop it in order
    start_anew "$1"
    systemctl restart "$1"
  fi
}

# systemd refuses to start a unit that it has tried to start too often, which is the state that a failed upgrade leaves.
start_anew() { [ ! -d "$SYSTEMD" ] || systemctl reset-failed "$@" 2>/dev/null || :; } # UNIT…

# Has dpkg configure what an upgrade has only unpacked. dpkg goes on after a package that it cannot configure. Unless that is a mail
# package, a note reports it, and the transaction goes on: the way back leads to a mail server that does not run.
finish_packages() {
  before_stop
  configure_packages
  finished=$?
  after_stop
  return $finished
}

configure_packages() {
  start_anew dovecot postfix # the packages start the daemons
  # Where dpkg asks about a changed file, the admin's version stays.
  DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 dpkg --force-confdef --force-confold --configure -a 9>&- && return 0
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^\(unpacked\|half-[a-z]*\) //p' >"$talk/unfinished" || return 1
  [ -s "$talk/unfinished" ] && ! grep -qE '^(postfix|dovecot)' "$talk/unfinished" || return 1
  say "note dpkg cannot finish $(joined <"$talk/unfinished" | sed 's/ |/,/g'), which the mail server does not need: see \`dpkg --configure -a\`"
}

# An smtpd that starts asks Dovecot for its mechanisms, and dies without an answer. Postfix's master then waits a minute before it
# starts the next one. A reload does not shorten the wait.
is_throttled() { # UNIT [SINCE]
  [ "$1" = postfix ] && journalctl -q --no-pager -o cat --since "${2--70s}" -u postfix@- -u postfix 2>/dev/null |
    grep -qE 'bad command startup -- throttling|fatal: no SASL authentication mechanisms'
}

# Once Dovecot answers again, master would still wait, and the ports stay silent.
revive_postfix() { # [SINCE]
  grep -q '^dovecot ' "$tx/activate" && is_throttled postfix "$@" && runs postfix || return 0
  looked=$(date +%s)
  activate_unit postfix restart </dev/null >/dev/null 2>&1
}

# Dovecot reads its files after `doveadm reload` has ended, and until then its old auth process listens: it drops an smtpd that asks.
# The master answers one call after the other: the first may come before the signal, the second comes after the files are read.
await_dovecot() { for _ in 1 2; do timeout 5 doveadm service status </dev/null >/dev/null 2>&1 9>&-; done; }

runs() { [ ! -d "$SYSTEMD" ] || systemctl is-active -q "$(unit_of "$1")"; } # UNIT

# Prints the last log lines of the unit's own processes; without any, the lines about the unit since $asked; without those,
# the output of systemctl. The journal may not know the invocation of a process that has ended.
words_of() { # UNIT
  said=
  timeout 5 journalctl --sync
  unit=$(unit_of "$1")
  invocation=$(systemctl show -p InvocationID --value "$unit")
  [ -z "$invocation" ] || said=$(lines_of "_SYSTEMD_INVOCATION_ID=$invocation")
  [ -n "$said" ] || said=$(lines_of --since "@$asked" "_SYSTEMD_UNIT=${unit%.service}.service")
  [ -n "$said" ] || said=$(tail -n 3 "$talk/activate.out" | joined)
  printf '%s' "$said"
} 2>/dev/null

lines_of() { journalctl -q --no-pager -o cat -n 4 "$@" | joined; }
joined() { uniq | tr '\n' '|' | sed 's/|$//; s/|/ | /g'; }

activate() {
  looked=$(date +%s)
  while read -r unit how; do
    enter "activate-$unit"
    asked=$(date +%s)
    activate_unit "$unit" "$how" </dev/null >"$talk/activate.out" 2>&1 || { reason="$how of $unit failed: $(words_of "$unit")"; return 1; }
    [ "$unit $how" != 'dovecot reload' ] || await_dovecot
  done <"$tx/activate"
  rm -f "$talk/activate.out"
  if grep -q '^postfix ' "$tx/activate"; then revive_postfix "@$looked"; else revive_postfix; fi
  enter listen
  all_listen "$tx/ports" && return 0
  reason="nothing listens on port $missing after the $(cut -d ' ' -f 2 "$tx/activate" | sort -u | tr '\n' ' ' | sed 's/ $//; s/ / and /')"
  return 1
}

ports() { sed -n 's/^[^ ]* *[^ ]* *[^ ]* *[^ ]*:\([0-9]*\) .*/\1/p' | sort -nu; } # reads lines of ss

all_listen() { # FILE: one port per line; waits up to 10 s. Without ss the host cannot be asked, and nothing counts as missing.
  command -v ss >/dev/null || return 0
  tries=0
  until
    ss -Hltn 2>/dev/null | ports >"$talk/listening"
    missing=$(grep -vxFf "$talk/listening" "$1" | head -n 1)
    rm -f "$talk/listening"
    [ -z "$missing" ]
  do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || return 1
    sleep 0.1
  done
}

await() {
  read -r seconds <"$tx/timeout"
  clock
  deadline=$((now + seconds))
  say "awaiting $id"
  prune # while the controller looks from outside
  polls=0
  while clock && [ "$now" -lt "$deadline" ]; do
    [ ! -e "$talk/confirm" ] || return 0
    if [ -e "$talk/undo" ]; then reason=$(cat "$talk/undo"); return 1; fi
    polls=$((polls + 1))
    [ $((polls % 50)) != 0 ] || revive_postfix "@$looked"
    sleep 0.02
  done
  reason="no answer from the controller within $seconds seconds"
  return 1
}

restore_one() {
  case " $settled " in *" $target "*) return 0 ;; esac
  old=$(old "$target" "$n")
  if [ -e "$(staged "$target" "$n")" ]; then : # not live yet
  elif [ "$kind" = new ]; then
    if is_ours; then rm -f "$target" || stuck="$stuck $target"
    elif [ -e "$target" ]; then foreign="$foreign $target"; fi
  elif [ "$(digest "$target")" = "$sha_before" ]; then :
  elif ! is_ours; then foreign="$foreign $target"
  else # restore the old file from its hard link; without the link, from the copy in the journal
    { [ -e "$old" ] || { cp -a "$tx/before/$n" "$old" && sync "$old"; }; } &&
      mv -fT "$old" "$target" && sync "${target%/*}" || stuck="$stuck $target"
  fi
  case " $stuck " in *" $target "*) ;; *) clean_one && settled="$settled $target" ;; esac
  return 0
} 2>/dev/null

# True if the target holds what this transaction wrote. An edit that somebody else made meanwhile is not overwritten.
is_ours() {
  if [ "$sha_after" = - ]; then [ ! -e "$target" ]; else [ "$(digest "$target")" = "$sha_after" ]; fi
}

restore() { # REASON
  live=
  why=$1
  failed_at=$step
  state restoring
  logged=$(journal_of_daemons)
  tries=0
  settled='' foreign=''
  let_go
  # A full or read-only disk may be a passing state. The controller gets a report before the last retry.
  while stuck='' && each restore_one && [ -n "$stuck" ] && [ "$mode" != boot ] && [ $tries -lt $PATIENCE ]; do
    tries=$((tries + 1))
    [ $tries != 20 ] || say "end $id broken $failed_at $why; not restored yet, because it cannot be written:$stuck"
    sleep 1
  done
  ! must_hold || hold
  # At boot the daemons start only after this unit. Waiting for them here would be a deadlock.
  [ "$mode" = boot ] || restore_daemons >/dev/null 2>&1
  settle_mail
  step=$failed_at
  # The recovery unit stays armed and the transaction unfinished: the next boot and the next run retry.
  [ -z "$stuck" ] || end broken "$why; not restored, because it cannot be written:$stuck"
  [ -z "$foreign" ] || leave broken "$why; not restored, because another program or person changed it meanwhile:$foreign"
  [ "$mode" = boot ] || is_served || why="$why; the files are as they were, but $lacking"
  # Log lines from before the restore show the cause; without any, use the lines from after it.
  [ -n "$logged" ] || logged=$(journal_of_daemons)
  why="$why${logged:+ (log: $logged)}"
  if [ -n "${lacking-}" ]; then leave broken "$why"; else leave rolled-back "$why"; fi
}

# The daemons' last warnings since the start, without Dovecot's line about its reload. Lines that a crash adds (backtrace, exit
# status) say less than the lines before them, so they count only if there are no others.
journal_of_daemons() {
  said=$(journalctl -q --no-pager -o cat -p warning --since "@$started" -u postfix@- -u postfix -u dovecot | grep -v 'SIGHUP received')
  telling=$(printf '%s\n' "$said" | grep -vE 'Raw backtrace|Panic: |[.]service: (Main process exited|Failed with result)')
  printf '%s\n' "${telling:-$said}" | uniq | tail -n 3 | joined
} 2>/dev/null

# In reverse order, so that no daemon asks another one that is gone already.
restore_daemons() {
  back=$(date +%s)
  sed '1!G; h; $!d' "$tx/activate" >"$talk/backwards"
  while read -r unit how; do
    if [ "$unit" = dpkg ]; then : # configured packages stay configured: they were not part of the configuration
    elif [ "$how" = stop ]; then ! was_running "$unit" || activate_unit "$unit" restart
    elif [ "$unit" = systemd ] || was_running "$unit"; then activate_unit "$unit" "$how"
    else stop_unit "$unit"; fi
    [ "$unit $how" != 'dovecot reload' ] || await_dovecot
  done <"$talk/backwards"
  ! was_running postfix || ! is_throttled postfix "@$back" || activate_unit postfix restart
}

# After a restore: where Dovecot had failed, and does not run now either, mail waits until it does. Else a delivery would return it.
settle_mail() {
  if must_hold; then
    if [ "$mode" != boot ] && runs dovecot; then let_go && reload_postfix && retry_deferred; return 0; fi
    keeps_mail || return 0
    why="$why; mail waits in the queue until Dovecot runs (soft_bounce in $MAIN_CF, which the next apply removes)"
  fi
  retry_deferred
} 2>/dev/null

was_running() { [ ! -e "$tx/running" ] || grep -qx "$1" "$tx/running"; } # UNIT

stop_unit() { # UNIT
  [ "$1" != postfix ] || before_stop
  if [ -d "$SYSTEMD" ]; then systemctl stop "$1"
  else case $1 in postfix) postfix stop ;; dovecot) doveadm stop ;; esac; fi
}

is_served() { # or $lacking says what differs from before
  lacking=
  [ -e "$tx/running" ] && [ -e "$tx/serving" ] || return 0
  while read -r unit; do [ "$unit" = dpkg ] || runs "$unit" || lacking="$unit does not run any more"; done <"$tx/running"
  [ -n "$lacking" ] || all_listen "$tx/serving" || lacking="nothing listens on port $missing any more"
  [ -z "$lacking" ]
}

leave() { # STATE REASON: records the final state and removes everything temporary
  tries=0
  until state "$1" && each clean_one && { [ "$1" = committed ] || unmake_folders; } && disarm; do
    tries=$((tries + 1))
    [ $tries != 3 ] || say "end $id $1 $step $2"
    [ $tries -lt $PATIENCE ] || break
    sleep 1
  done
  end "$1" "$2"
} 2>/dev/null

give_up() { leave refused "$1"; } # REASON: nothing is live yet

keep() { # Keeps the change once the state is on disk: without that the next boot would undo it.
  trap '' TERM
  let_go
  tries=0
  until state committed; do
    tries=$((tries + 1))
    [ $tries -lt 20 ] || restore 'the journal could not be written'
    sleep 1
  done
  step=end
  each drop_folder
  [ ! -e "$tx/mailboxes" ] || rm -f "$MAILBOXES"
  [ -z "${looked-}" ] || revive_postfix "@$looked"
  # An old release's Postfix is restarted, not reloaded. Its deferred mail, and mail that an earlier apply has kept in the queue, is
  # retried only now, when the change is final: a retry may bounce mail.
  { ! grep -qx 'postfix restart' "$tx/activate" && ! must_hold && ! grep -qsxF "$HELD" "$tx"/before/* && [ ! -e "$tx/deferred" ]; } ||
    postqueue -f </dev/null >/dev/null 2>&1
  leave committed ''
}

prune() { # The last ten stay for rollback and history. A refused transaction changed nothing, so it is removed.
  find "${tx%/*}" -mindepth 1 -maxdepth 1 -type d -name '2*' ! -name "$id" | sort -r | {
    kept=1
    while read -r other; do
      read -r how <"$other/state" || how=
      if [ "$how" = refused ] || [ $kept -ge 10 ]; then rm -rf "$other"; else kept=$((kept + 1)); fi
    done
  }
} 2>/dev/null

stop_here() { # REASON
  trap '' TERM
  if [ -n "$live" ]; then restore "$1"; else give_up "$1"; fi
}

run() {
  started=$(date +%s)
  trap '' HUP INT
  trap 'stop_here "the host is going down"' TERM
  live=
  reason=
  enter lock && { lock 0 || { state refused; end refused "$(cat "$LOCK")"; }; }
  enter compare && { each compare_one || give_up "$reason"; }
  enter journal && { mkdir -p "$tx/before" && each journal_one && state journaled && arm || give_up "${reason:-the journal could not be written}"; }
  enter stage && { each keep_one && each stage_one || give_up "$reason"; }
  users=
  ! concerns_users || users=yes
  enter validate
  # The running daemons, and a Dovecot that reads the staged files, are asked about users while the parsers read the files.
  [ -z "$users" ] || { ask sessions.sh before; ask sessions.sh staged; } &
  validate || { wait; give_up "$reason"; }
  wait
  enter sessions && { heed before && heed staged || give_up "$reason"; }
  [ ! -e "$tx/mailboxes" ] || { enter mailboxes && { judge mailboxes.sh staged || give_up "$reason"; }; }
  enter swap && { look_around && state swapping || give_up 'the journal could not be written: disk full?'; }
  live=yes
  ! needs_hold || : >"$tx/hold"
  each swap_one || restore "$reason"
  state swapped
  ! must_hold || hold_all
  activate || restore "$reason"
  judge lines.sh mark
  enter sessions && { { [ -z "$users" ] || judge sessions.sh after; } && judge lines.sh judge || restore "$reason"; }
  ! must_hold || { let_go; reload_postfix; }
  state awaiting
  enter confirm && { await && judge lines.sh judge || restore "$reason"; }
  keep
}

# Sets $stands. A controller that got a refusal removes the folder, the manifest first: without it there is nothing to do.
find_state() {
  read -r stands <"$tx/state" && return 0
  stands=new
  [ ! -e "$tx/manifest" ] || return 0
  [ -z "$locked" ] || rm -f "$LOCK"
  rm -rf "$talk" && rmdir "${talk%/*}"
  exit 0
} 2>/dev/null

# Finishes a run that was interrupted: forward if the controller has confirmed, else back.
recover() {
  started=$(date +%s)
  find_state
  case $stands in
    committed | refused | rolled-back | broken)
      each clean_one
      disarm
      # The lock is free, but its file still names this transaction.
      ! grep -qs "^transaction $id " "$LOCK" || { lock 0 && rm -f "$LOCK"; locked=; }
      # Killed between writing its final state and reporting it: a waiting controller gets the report now.
      [ ! -e "$talk/log" ] || end "$stands" ''
      exit 0
      ;;
  esac
  mkdir -p "$talk"
  lock 30 || exit 1
  enter recover
  find_state # another process may have finished it while this one waited for the lock
  case $stands in
    new | journaled) give_up 'interrupted before anything was changed' ;;
    awaiting) [ ! -e "$talk/confirm" ] || keep ;;
    swap* | restoring) ;;
    *) end "$stands" '' ;;
  esac
  restore "interrupted (at $stands)"
}

# A folder that is being removed may lack it.
# shellcheck source-path=SCRIPTDIR source=mail.sh
[ ! -e "$tx/mail.sh" ] || . "$tx/mail.sh"
case $mode in
  run) run ;;
  recover | boot) recover ;;
  opinions) each bind_one && opinions ;;
esac
