# A round of questions in the namespaces of sessions.sh and mailboxes.sh; sourced by answers.sh and folders.sh.
# Before it: $round (live, bare, staged or control), $tx, $id, $here (the folder of the questions, with the file "users"), $work,
# $own (yes for a separate Dovecot) and $MEMORY (megabytes for what the sessions write).
# shellcheck shell=sh disable=SC2154,SC2086,SC2015 # the variables above; $use is one word, two or none; "a && b || c" is intended.

LIBEXEC=/usr/lib/dovecot

fail() { echo "$*" >&2; exit 1; }

# Remounts all file systems read-only except the kernel's own and /run, so that this round can write nothing outside of itself.
read_only() {
  sed 's/^[^ ]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .* - \([^ ]*\) .*/\2 \1/' /proc/self/mountinfo | while read -r type where; do
    case $type in proc | sysfs | devtmpfs | devpts | cgroup* | mqueue | hugetlbfs | autofs | binfmt_misc | *bpf | *fs_pipefs | fusectl | nsfs) continue ;; esac
    case $where in /run | /run/* | /dev | /dev/* | /proc/* | /sys/*) continue ;; esac
    mount -o remount,bind,ro "$(printf '%b' "$(printf '%s' "$where" | sed 's/\\\([0-7]\{3\}\)/\\0\1/g')")" 2>/dev/null || exit 1
  done && mount -t tmpfs -o size=16m,mode=1777 tmp /tmp
}

# A session writes indexes, locks, and a folder at the first login. Overlays send writes in mail folders to memory. $MEMORY megabytes
# are enough for indexes; an mbox larger than that cannot be opened.
mailboxes_in_memory() {
  mkdir -p "$work/mail" && mount -t tmpfs -o "size=${MEMORY}m,mode=755" mail "$work/mail" || return 0
  n=0
  places | while read -r place; do
    n=$((n + 1))
    mkdir "$work/mail/$n" "$work/mail/$n.work" && chmod --reference="$place" "$work/mail/$n" && chown --reference="$place" "$work/mail/$n" &&
      mount -t overlay -o "lowerdir=$place,upperdir=$work/mail/$n,workdir=$work/mail/$n.work" mail "$place" || break
  done
} 2>/dev/null

# Mail folders from the settings and from the users' fields; none inside another one.
places() {
  {
    echo /var/mail
    grep -E '^ *(mail|mail_[a-z_]+|location) = ' "$work/settings" | grep -oE '[ :=]/[^:]*' | sed 's/%.*//'
    # shellcheck disable=SC2046 # a word each
    timeout $((8 + $(wc -l <"$here/users") / 50)) doveadm $use user $(cat "$here/users") 2>/dev/null | grep -oE '[[:blank:]:=]/[^:]*'
  } | sed 's/^[ :=[:blank:]]*//' | while read -r place; do
    place=$(readlink -m "$place")
    until [ -d "$place" ]; do place=$(dirname "$place"); done
    printf '%s\n' "$place"
  done | grep -vxE '/([a-z]+|var/(lib|log|spool|tmp|cache))?' | grep -vE '^/(etc|usr|run|proc|sys|dev|boot|bin|sbin|lib)/' |
    sort -u | awk 'last != "" && index($0 "/", last "/") == 1 { next } { last = $0; print }'
}

# Builds the future state of Dovecot's folder in memory, so that it has the new files and lacks the removed ones.
lay_over() {
  folder=$(readlink -f "$DOVECOT")
  [ "$(du -sk "$folder" | cut -f 1)" -lt 16000 ] || fail "the staged files: $folder is too large for a copy"
  mkdir "$work/etc" && mount -t tmpfs -o size=32m,mode=755 staged "$work/etc" && cp -a "$folder/." "$work/etc" || return 1
  while read -r n kind _ _ bits owner target; do
    beside=${target%/*}/.harden-mail.$id.$n
    case $target in
      "$folder"/*)
        file=$work/etc${target#"$folder"}
        case $kind in
          remove) rm -f "$file" ;;
          edit) cat "$tx/after/$n" >"$file" ;; # its owner, who may have no name, and its mode are there
          *) mkdir -p "${file%/*}" && cat "$tx/after/$n" >"$file" && chown "$owner" "$file" && chmod "$bits" "$file" ;;
        esac || return 1
        ;;
      *) [ "$kind" != edit ] || mount --bind "$beside" "$target" || return 1 ;;
    esac
  done <"$tx/manifest"
  mount --bind "$work/etc" "$folder"
}

# Writes the configuration of this round: the files' settings plus log targets. A separate Dovecot also keeps its listeners in its
# own folder, binds no port, and its LMTP opens the mailbox already at RCPT.
configure() {
  conf=$work/dovecot.conf
  doveconf -n >"$work/settings" 2>"$work/err" || { printf -- '- start no %s\n' "$(said "$work/err")"; exit 0; }
  served=$(doveconf base_dir protocols 2>/dev/null)
  base=$(printf '%s\n' "$served" | sed -n 's/^base_dir = //p')
  grep '^dovecot_config_version' "$work/settings" >"$conf"
  {
    echo "!include $DOVECOT_CONF"
    for log in log_path info_log_path debug_log_path; do echo "$log = /dev/stderr"; done
    [ -z "$own" ] || own_instance || fail "a Dovecot of its own: its folder could not be made in $base"
  } >>"$conf"
  # The instance in Dovecot's usual folder has its configuration loaded: using it saves a quarter of the time. That does not work
  # if it logs to a file, because the file is read-only here.
  use="-c $conf"
  [ "$base" != "$DOVECOT_RUN" ] || { [ -z "$own" ] && grep -q '^[a-z_]*log_path' "$work/settings"; } || use=
}

own_instance() {
  # After a boot without Dovecot the folder does not exist. Dovecot makes it at each start.
  [ -d "$base" ] || mkdir -m 755 "$base" || return 1
  mount -t tmpfs -o size=4m,mode=755 instance "$base" && mkdir -m 755 "$base/state" || return 1
  echo "state_dir = $base/state"
  echo "auth_socket_path = $base/auth-userdb"
  if serves lmtp; then
    echo 'protocols = lmtp'
    echo 'lmtp_rcpt_check_quota = yes'
    echo 'service lmtp {'; echo '  unix_listener lmtp {'; echo '    mode = 0600'; echo '  }'; echo '}'
  else
    echo 'protocols ='
  fi
  awk -v base="$base/" '
    /^service / { service = $2 }
    /^}/ { service = "" }
    service == "" { next }
    $1 == "inet_listener" { print "service " service " {\n inet_listener " ($2 == "{" ? "" : $2 " ") "{\n  port = 0\n }\n}" }
    $1 ~ /^(unix|fifo)_listener$/ && $2 ~ /^"?\// {
      path = $2; gsub(/"/, "", path); sub(/^\/var\/run\//, "/run/", path)
      if (index(path, base) != 1) print "service " service " {\n " $1 " " $2 " {\n  mode = 0\n }\n}"
    }' "$work/settings"
}

serves() { case " $(printf '%s' "$served" | tr '\n' ' ' | sed 's/ = no/=no/g') " in *" $1 "*) [ -x "$LIBEXEC/$1" ] ;; *) return 1 ;; esac; }

start() {
  dovecot -F -c "$conf" >"$work/log" 2>&1 &
  pid=$!
  tries=0
  until [ -S "$base/auth-userdb" ]; do
    tries=$((tries + 1))
    if ! kill -0 $pid 2>/dev/null || [ $tries -gt 250 ]; then
      printf -- '- start no %s\n' "$(said "$work/log")"
      exit 0
    fi
    sleep 0.02
  done
}

# The daemons' error lines, without time and process.
said() { # FILE [USER]
  tr -d '\000-\010\013-\037' <"$1" | grep -E 'Panic|Fatal|Error' | grep -F -- "${2-}" | sed 's/^[A-Z][a-z][a-z] [ 0-9]* [0-9:]* //; s/<[^>]*>//g' |
    awk '!seen[$0]++' | head -n 2 | tr '\n' '|' | sed 's/|$//; s/|/ | /g' | cut -c 1-400
}
