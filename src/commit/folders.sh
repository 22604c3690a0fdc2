#!/bin/sh
# One round that lists mailboxes, in the namespaces of mailboxes.sh: sh folders.sh live|staged DIRECTORY
#   live     by the running daemons
#   staged   by a separate Dovecot for which the staged files cover the real ones
# It prints facts, their fields separated by tabs:
#   user USER
#   folder USER NAME MESSAGES UIDVALIDITY UIDNEXT VSIZE GUID     (a field is - where it is not known)
#   subscribed USER NAME
#   quota USER ROOT TYPE LIMIT          (only those with a limit)
#   place USER PATH home|mail           a folder that belongs to this user: the home, or the root of the mailboxes
#   file USER NAME PATH                 (live) the file of an mbox
#   asked USER                          the user was asked about, also if no database knows the user
#   failed USER REASON                  the user's mailboxes cannot be listed
#   unknown USER REASON                 they cannot be listed in this round
#   disk USER FORMAT MAILS PATH GUID    (staged) a mailbox that is found in the user's places; MAILS is - where it cannot be counted
#   path USER PATH NAME full|empty      (staged) the place of a listed mailbox, for users who have one on disk with an unknown GUID
#   setting prefix|separator VALUE      (staged) of a namespace
#   partly                              (staged) folders may exist that no list shows, because of namespaces or rights
#   unlisted                            the databases do not name all users
# A separate Dovecot that does not start is "- start no REASON".
# shellcheck disable=SC2086 # $use is one word, two or none.
# shellcheck disable=SC2015 # "a && b || c" is intended: c also runs when b fails.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077

round=$1
tx=${2%/}
id=${tx##*/}
here=$TALKS/$id/folders
work=$here/$round.work
case $round in live) own= ;; *) own=yes ;; esac
MEMORY=256
SAMPLE=20  # users in a round without --all-users
TOGETHER=25 # users for one doveadm
TAB=$(printf '\t')
# shellcheck source=apart.sh
. "$tx/apart.sh"
# shellcheck source=users.sh
. "$tx/users.sh"

# The users of this round: those of the record first. Without --all-users a sample: five of the last logins, then one of each domain
# in turn (local users count as a domain), because Dovecot does not tell which database knows a user.
people() {
  system_users
  iterated 60 >"$work/iterated" 2>"$work/iterated.err" && ! grep -qsE "don't support (it|iterat)|iteration failed" "$work/log" &&
    choose <"$work/iterated" | grep -q . || echo unlisted
  [ ! -s "$here/recorded" ] || cat "$here/recorded" >"$work/known"
  { cat "$work/iterated"; owners 100000; in_files; recent; local_users; cat "$here/owners"; } 2>/dev/null >>"$work/known"
  if [ -e "$here/all" ]; then choose <"$work/known" >"$here/users"
  else
    : >>"$here/recorded"
    choose <"$here/recorded" | in_turn | head -n $SAMPLE >"$work/first"
    { recent | head -n 5; choose <"$work/known" | in_turn; } | choose | grep -vxFf "$here/recorded" | head -n $SAMPLE | cat "$work/first" - >"$here/users"
  fi
  sed 's/^/asked\t/' "$here/users"
}

in_turn() { # one of each domain, then the second of each
  awk -F @ '{ domain = NF > 1 ? $NF : ""; print ++seen[domain] "\t" $0 }' | sort -s -n -k 1,1 | cut -f 2
}

# Some users by one doveadm. Where it fails, each of them by one of its own, so that the failure has its user.
together() { # FILE
  : >"$1.err"
  if names "$1" 2>>"$1.err" && facts "$1" 2>>"$1.err"; then
    cat "$1.facts"
  elif [ "$(wc -l <"$1")" = 1 ]; then
    failure "$(cat "$1")" "$1.err"
  else
    split -l 1 "$1" "$1."
    for one in "$1".??; do together "$one"; done
  fi
}

# Mailboxes that would have to be made in a place without an overlay do not exist. Without space nothing can be said.
failure() { # USER FILE
  reason=$(said "$2")
  what=failed
  # Without a word of Dovecot's, as at the end of its time, nothing is known.
  [ -n "$reason" ] && ! grep -qi 'no space left' "$2" || what=unknown
  own_places "$1" >"$2.places"
  cat "$2.places"
  # A place that is there and cannot be written has no overlay.
  ! grep -qi 'read.only file system' "$2" || ! awk -F '\t' '$4 == "mail" { print $3 }' "$2.places" | exists || what=unknown
  printf '%s\t%s\t%s\n' $what "$1" "${reason:-doveadm ended without a word}"
}

exists() { while IFS= read -r place; do [ ! -e "$place" ] || return 0; done; return 1; }

# The names of all mailboxes of these users, as "USER NAME". A user whom the databases do not know any more is skipped.
names() { timeout 120 doveadm $use mailbox list -F "$1" >"$1.names"; } # FILE

facts() { # FILE
  sed 's/^[^ ]* //' "$1.names" | sort -u | tr '\n' '\0' >"$1.union"
  sed 's/ .*//' "$1.names" | sort -u >"$1.found"
  {
    sed 's/^/user\t/' "$1.found"
    status "$1" 'messages uidvalidity uidnext guid' 120 >"$1.status" || return 1
    status "$1" vsize 30 >"$1.vsize" 2>/dev/null || : >"$1.vsize"
    # A folder that this round has made is no mailbox to keep. Mails that Dovecot has not seen before have no lasting number yet.
    awk -F '\t' -v began="$(cat "$here/began")" -v own="$own" -v OFS='\t' 'FILENAME == ARGV[1] { size[$1 FS $2] = $3; next }
      own == "" && $4 >= began { if ($3 == 0) next; $4 = $5 = $6 = "-" }
      { print "folder", $1, $2, $3, $4, $5, ($1 FS $2) in size ? size[$1 FS $2] : "-", $6 }' "$1.vsize" "$1.status"
    timeout 60 doveadm $use mailbox list -s -F "$1" >"$1.subscribed" || return 1
    sed 's/ /\t/; s/^/subscribed\t/' "$1.subscribed"
    # It fails where no quota is set up.
    timeout 60 doveadm $use -f tab -o "$quota" quota get -F "$1" >"$1.quota" 2>/dev/null || [ $? != 124 ] || return 1
    awk -F '\t' 'FNR > 1 && $5 != "-" && $5 != 0 { print "quota\t" $1 "\t" $2 "\t" $3 "\t" $5 }' "$1.quota"
    while read -r user; do own_places "$user"; done <"$1.found"
  } >"$1.facts"
}

# USER NAME and the fields, in the order of their names in doveadm's header. doveadm wants names with a separator literally: "*" ends at it.
status() { # FILE FIELDS SECONDS
  [ -s "$1.union" ] || return 0
  # A mailbox that cannot be opened, or a file that only has the name of one (.dovecot.sieve in a Maildir), ends with an error after
  # the others are listed.
  xargs -0 timeout "$3" doveadm $use -f tab mailbox status -F "$1" "$2" <"$1.union" >"$1.table" ||
    { [ "$(wc -l <"$1")" = 1 ] && [ "$(wc -l <"$1.table")" -gt 1 ]; } || return 1
  awk -F '\t' -v wanted="$2" '
    $1 == "Username" { for (i = 1; i <= NF; i++) at[$i] = i; next }
    seen[$1 FS $2]++ { next }
    { line = $1 "\t" $2; fields = split(wanted, field, " "); for (i = 1; i <= fields; i++) line = line "\t" $(at[field[i]]); print line }' "$1.table"
}

# The home, and the root of the mailboxes: "mail_path PATH" in 2.4, "mail FORMAT:PATH:OPTIONS" in 2.3.
own_places() { # USER
  timeout 8 doveadm $use user "$1" 2>/dev/null >"$work/fields.$1" || return 0
  home=$(sed -n 's/^home\t//p' "$work/fields.$1")
  printf '%s\n' "$home" | absolute "$home" | sed "s/.*/place\t$1\t&\thome/"
  sed -n 's/^mail\(_path\|_inbox_path\)\{0,1\}\t//p' "$work/fields.$1" | tr : '\n' | sed 's/^[A-Z]*=//' |
    absolute "$home" | sort -u | sed "s/.*/place\t$1\t&\tmail/"
}

# The file of each mbox: it may have no index yet, and then no lasting GUID.
mbox_files() { # FACTS
  awk -F '\t' '$1 == "folder" { print $2 "\t" $3 }' "$1" | while IFS="$TAB" read -r user name; do
    ! grep -q "^mail${TAB}mbox:" "$work/fields.$user" 2>/dev/null || [ "$name" = INBOX ] ||
      timeout 8 doveadm $use mailbox path -t mailbox -u "$user" "$name" </dev/null 2>/dev/null | sed "s/.*/file\t$user\t$(printf '%s' "$name" | sed 's,[/&\\],\\&,g')\t&/"
  done
}

absolute() { sed -n "s,^~/,$1/,; /^\/./p" | sed 's,//*,/,g; s,/$,,'; } # HOME

# ── what is on disk ───────────────────────────────────────────────────────────────────────────────────────────────────

# The mailboxes that are found in the places of each user, also in those that the old files name. It runs after the questions: a Maildir
# that Dovecot has opened has a GUID by then.
census() { # FACTS
  to_look_for "$1" | while read -r user; do
    home=$(sed -n 's/^home\t//p' "$work/fields.$user")
    templates "$user" "$home" | is_own "$user" >"$work/named"
    awk -F '\t' -v user="$user" '$1 == "place" && $2 == user { print $3 }' "$1" | is_own "$user" | cat - "$work/named" | without_others "$user" "$1" | outermost | while read -r place; do
      on_disk "$place" </dev/null | sed "s/^/disk\t$user\t/"
    done
    templates "$user" "$home" mbox | is_own "$user" | sort -u | while read -r place; do
      mboxes "$place" </dev/null | sed "s/^/disk\t$user\t/"
    done
  done >"$work/disk" 2>/dev/null
  cat "$work/disk"
  # A GUID elsewhere (CONTROL=, INDEX=) or nowhere (mbox, dbox): the place decides.
  awk -F '\t' 'NR == FNR { if ($1 == "folder") known[$2 FS $8] = 1; next }
    !(($2 FS $6) in known) { print $2 }' "$1" "$work/disk" | sort -u >"$work/unsure"
  while read -r user; do paths "$1" "$user"; done <"$work/unsure"
  # Namespaces and rights that keep folders out of the list.
  awk '{ sub(/^ +/, "") } /^namespace / { inside = 1 } /^}/ { inside = 0 } inside && /^(prefix|separator) = / { print "setting\t" $1 "\t" $3 }' "$work/settings"
  ! grep -qE '^ *list = (no|children)|^ *mail_plugins.*acl|^ *acl = yes|^ *acl_driver' "$work/settings" || echo partly
}

# The users whom the record does not have, and those with a mailbox that is empty now and was not.
to_look_for() { # FACTS
  if [ -s "$here/recorded" ]; then cat "$MAILBOXES"; fi >"$work/record"
  awk -F '\t' 'FILENAME == ARGV[1] {
      if ($1 == "user") was[$2] = 1
      else if ($1 == "folder" && $4 > 0) had[$2 FS $3] = 1
      next
    }
    (($1 == "user" || $1 == "failed") && !($2 in was)) || ($1 == "folder" && $4 == 0 && ($2 FS $3) in had) { print $2 }' "$work/record" "$1" | sort -u
}

paths() { # FACTS USER
  awk -F '\t' -v user="$2" '$1 == "folder" && $2 == user { print $3 }' "$1" | while IFS= read -r name; do
    place=$(timeout 8 doveadm $use mailbox path -t mailbox -u "$2" "$name" </dev/null)
    case $place in /*) printf 'path\t%s\t%s\t%s\t%s\n' "$2" "$place" "$name" "$(has_mail "$place" && echo full || echo empty)" ;; esac
  done 2>/dev/null
}

has_mail() { # PLACE: an index elsewhere may tell of mails that are not there
  case $1 in
    */mailboxes/*/dbox-Mails) find "$1" "${1%%/mailboxes/*}/storage" -maxdepth 1 -name '[um].*' | grep -q . ;;
    *) if [ -d "$1" ]; then find "$1/cur" "$1/new" -maxdepth 1 -type f | grep -q .; else [ -s "$1" ]; fi ;;
  esac
}

# The places that the old files name as text ("FORMAT PATH", with the variables of 2.3); mailboxes.sh has written them.
templates() { # USER HOME [FORMAT]
  case $1 in *@*) domain=${1#*@} ;; *) domain= ;; esac
  sed -n "s/^${3-[a-z]*} //p" "$here/templates" | sed "s,^\(~\|%h\),$2,; s,%u,$1,g; s,%n,${1%%@*},g; s,%d,$domain,g
    s/%{[^}]*}/*/g; s/%[-0-9.]*[A-Z]*[a-z]/*/g" | absolute "$2" | while IFS= read -r place; do
    # Other variables, as of hashed folders (%1Mu), stand for any name.
    case $place in
      *'*'*) (IFS= && for found in $place; do [ ! -e "$found" ] || printf '%s\n' "$found"; done) ;;
      *) printf '%s\n' "$place" ;;
    esac
  done
}

# Only places that carry the user's name: a home may be that of all users.
is_own() { # USER
  awk -v user="$1" 'BEGIN { user = tolower(user); name = user; sub(/@.*/, "", name) }
    { path = tolower($0) "/"; at = index(path, "/" name); if (index(path, user) || (at && substr(path, at + 1 + length(name), 1) ~ /[^a-z0-9]/)) print }'
}

# An account whose home holds the mail of other users, as vmail often does, has no place of its own there.
without_others() { # USER FACTS
  { sed 's/^[^ ]* //; s/%.*//' "$here/templates"; awk -F '\t' -v user="$1" '$1 == "place" && $2 != user { print $3 }' "$2"; } | grep '^/' | sort -u >"$work/others"
  awk 'FILENAME == ARGV[1] { other[++others] = $0 "/"; next }
    { for (i = 1; i <= others; i++) if (index(other[i], $0 "/") == 1) next; print }' "$work/others" -
}

outermost() { sort -u | awk 'last != "" && index($0 "/", last "/") == 1 { next } { last = $0; print }'; }

on_disk() { # PLACE: FORMAT, MAILS, PATH, GUID
  [ -d "$1" ] || return 0
  timeout 20 find "$1" -xdev -maxdepth 8 -type d \( -name tmp -o -name new -o -name storage -o -name .imap \) -prune -o \
    -type d \( -name cur -o -name dbox-Mails \) -print -prune >"$work/found"
  sed -n 's,/cur$,,p' "$work/found" >"$work/maildirs"
  [ ! -s "$work/maildirs" ] || maildirs "$1"
  grep '/dbox-Mails$' "$work/found" | while IFS= read -r found; do dbox "$found"; done
}

# Only those that Dovecot knows, or that are below a place of the files.
maildirs() { # PLACE
  timeout 60 find "$1" -xdev -maxdepth 9 -type d \( -name tmp -o -name storage \) -prune -o \
    -type f \( -path '*/cur/*' -o -path '*/new/*' \) ! -newer "$here/began" -printf '%h\n' | sed 's,/[a-z]*$,,' >"$work/mails"
  timeout 20 find "$1" -xdev -maxdepth 8 -type d \( -name cur -o -name new -o -name tmp -o -name storage \) -prune -o -type f -name 'dovecot*' -print >"$work/known"
  grep '/dovecot-uidlist$' "$work/known" | tr '\n' '\0' | xargs -0 -r grep -HoEm 1 '^3 .* G[0-9a-f]{32}' >"$work/guids"
  awk 'FILENAME == ARGV[1] { mails[$0]++; next }
    FILENAME == ARGV[2] { sub(/\/[^\/]*$/, ""); known[$0] = 1; next }
    FILENAME == ARGV[3] { at = index($0, "/dovecot-uidlist:"); guid[substr($0, 1, at - 1)] = substr($0, length($0) - 31); next }
    FILENAME == ARGV[4] { named[++places] = $0 "/"; next }
    { found = $0 in known; for (i = 1; i <= places; i++) if (index($0 "/", named[i]) == 1) found = 1
      if (found) print "maildir\t" mails[$0] + 0 "\t" $0 "\t" guid[$0] }' "$work/mails" "$work/known" "$work/guids" "$work/named" "$work/maildirs"
}

dbox() { # FOLDER
  mails=$(find "$1" -maxdepth 1 -name 'u.*' | wc -l)
  # All mails of an mdbox are in one folder; the header of the index has their number (4 bytes at 32). A young one has only a log.
  if [ "$mails" -gt 0 ]; then :
  elif [ -s "$1/dovecot.index" ]; then mails=$(od -An -tu4 -j32 -N4 "$1/dovecot.index" | tr -d ' ')
  elif [ -s "$1/dovecot.index.log" ]; then mails=-
  fi
  printf 'dbox\t%s\t%s\t\n' "$mails" "$1"
}

mboxes() { # PLACE
  timeout 20 find "$1" -xdev -maxdepth 5 -type d -name .imap -prune -o -type f -size +0 ! -name 'dovecot*' -print | while IFS= read -r found; do
    [ "$(head -c 5 "$found" | tr -d '\000')" = 'From ' ] || continue
    mails=$(grep -c '^From ' "$found")
    ! grep -q '^Subject: .*FOLDER INTERNAL DATA$' "$found" || mails=$((mails - 1))
    printf 'mbox\t%s\t%s\t\n' "$mails" "$found"
  done
}

cd / && rm -rf "$work" && mkdir -p "$work/chunks" || exit
[ "$round" != staged ] || lay_over || fail 'the staged files could not be laid over'
read_only || fail "the file systems of this host could not be made read-only for it"
configure
[ -z "$own" ] || start
people
[ -s "$here/users" ] || fail 'no user is known'
mailboxes_in_memory
# doveadm counts quotas only where its own plugins have them.
case $(dovecot --version) in 2.3*) quota="mail_plugins=$(doveconf -h mail_plugins 2>/dev/null) quota" ;; *) quota=mail_plugins/quota=yes ;; esac
split -a 4 -l $TOGETHER "$here/users" "$work/chunks/"
for chunk in "$work/chunks"/*; do printf '%s\n' "$chunk"; done >"$work/todo"
# Two at a time: a small host is busy meanwhile.
{ sed -n 'p;n' "$work/todo" | while read -r chunk; do together "$chunk" </dev/null; done >"$work/facts.1"; } &
sed -n 'n;p' "$work/todo" | while read -r chunk; do together "$chunk" </dev/null; done >"$work/facts.2"
wait $!
cat "$work/facts.1" "$work/facts.2" >"$work/facts"
cat "$work/facts"
if [ "$round" = staged ]; then census "$work/facts"; else mbox_files "$work/facts"; fi
