#!/bin/sh
# What users lose: sh losses.sh RECORD AFTER FOLDER. RECORD and AFTER are facts of folders.sh; FOLDER has the file "words" (of
# the old files, from mailboxes.sh). It reads the disk, and prints one per line:
#   lost USER: TEXT     a difference that stops a conversion
#   note USER: TEXT     one that does not
#   compared TEXT       how many users were compared with what
# What users do meanwhile is no difference: mail that has come, mail, folders and subscriptions that they have deleted, new users.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

record=$1 after=$2 words=$3/words
made=$(sed -n 's/^time\t//p' "$record")
FIELD=$(printf '\037') # unlike a tab, it keeps empty fields in "read"

# The places of a user, on both sides.
places() { awk -F '\t' -v user="$1" '$1 == "place" && $2 == user { print $3 }' "$record" "$after" | sort -u; }

# A mailbox that no list shows is still there if an index or a list of UIDs has its GUID, or if its file exists. Prints the place.
still_there() { # USER NAME GUID
  {
    awk -F '\t' -v user="$1" -v name="$2" '$1 == "file" && $2 == user && $3 == name { print $4 }' "$record" | while IFS= read -r file; do
      [ ! -s "$file" ] || printf '%s\n' "$file"
    done
    places "$1" | while IFS= read -r place; do
      timeout 20 find "$place" -xdev -maxdepth 10 -type f \( -name dovecot-uidlist -o -name dovecot.index -o -name 'dovecot.index.log*' \) -size -20000
    done | perl -e '
      my $hex = shift; my $guid = pack("H*", $hex); exit if $guid !~ /[^\0]/;
      while (my $file = <STDIN>) {
        chomp $file; open(my $in, "<:raw", $file) or next; local $/; my $text = <$in>;
        next if index($text, $guid) < 0 && index($text, " G$hex") < 0;
        $file =~ s{/[^/]*$}{}; print "$file\n"; last;
      }' "$3"
  } 2>/dev/null | head -n 1 | grep .
}

subscriptions_changed() { # USER: since the record
  places "$1" | while IFS= read -r place; do
    timeout 20 find "$place" -xdev -maxdepth 3 \( -name subscriptions -o -name .subscriptions \) -newermt "@$made"
  done 2>/dev/null | grep -q .
}

# Lines of the result, and what the disk must decide: "missing", "unsubscribed" and "gone" with their fields.
candidates() {
  awk -F '\t' -v field="$FIELD" '
    function lost(user, text) { print "lost " user ": " text }
    function bare(name) { gsub(/[\/.\\^]/, "", name); return name }
    function ends(text, end) { return length(text) > length(end) && substr(text, length(text) - length(end) + 1) == end }
    FILENAME == ARGV[1] {
      key = $2 FS $3
      if ($1 == "user") was[$2] = 1
      else if ($1 == "failed") never[$2] = 1
      else if ($1 == "folder") {
        order[++folders] = key; user_of[key] = $2; name_of[key] = $3
        mails[key] = $4; validity[key] = $5; next_uid[key] = $6; size[key] = $7; guid[key] = $8
        if ($3 != "INBOX") named[$2]++
      } else if ($1 == "subscribed") subscribed[++subscriptions] = key
      else if ($1 == "quota") { limits[++quotas] = $2 FS $4 FS $5; root[quotas] = $3 }
      next
    }
    {
      key = $2 FS $3
      if ($1 == "asked") asked[$2] = 1
      else if ($1 == "user") is[$2] = 1
      else if ($1 == "failed" || $1 == "unknown") { is[$2] = 1; fails[$2] = $3; if ($1 == "unknown") { never[$2] = 1; print "note " $2 ": not compared: " $3 } }
      else if ($1 == "folder") {
        now_mails[key] = $4; now_validity[key] = $5; now_next[key] = $6; now_size[key] = $7; now_guid[key] = $8
        if ($8 !~ /^0*$/) called[$2 FS $8] = $3
      } else if ($1 == "subscribed") { still[key] = 1; some[$2] = 1 }
      else if ($1 == "quota") { has[$2 FS $4 FS $5] = 1; other[$2 FS $4] = $5 }
    }
    END {
      for (user in was) {
        if (!(user in asked)) continue
        compared++
        if (!(user in is)) print "gone" field user
        else if (user in fails && !(user in never)) lost(user, "the mailboxes cannot be listed: " fails[user])
      }
      for (user in fails) delete is[user]
      for (i = 1; i <= folders; i++) {
        key = order[i]; user = user_of[key]
        if (user in is && !(key in now_mails) && name_of[key] != "INBOX") absent[user]++
      }
      for (i = 1; i <= folders; i++) {
        key = order[i]; user = user_of[key]; name = name_of[key]
        if (!(user in is)) continue
        if (!(key in now_mails)) {
          # Another name of the same mailbox: a lost prefix or separator, or the user has renamed or moved it.
          if ((user FS guid[key]) in called) {
            now = called[user FS guid[key]]
            if (bare(now) == bare(name) || ((ends(now, name) || ends(name, now)) && absent[user] * 2 >= named[user]))
              lost(user, name " is missing: that mailbox is named " now " now")
            else print "note " user ": " name " is named " now " since the record"
          } else print "missing" field user field name field guid[key] field mails[key]
        } else if (validity[key] == "-") {
          if (now_mails[key] + 0 < mails[key] + 0) lost(user, name " has " now_mails[key] " instead of " mails[key] " mails")
        } else if (now_validity[key] != validity[key])
          print "another" field user field name field guid[key] field now_mails[key] " instead of " mails[key] " mails, UIDVALIDITY " now_validity[key] " instead of " validity[key] field now_guid[key]
        else if (now_next[key] + 0 < next_uid[key] + 0) lost(user, name " lacks mails: its next UID is " now_next[key] " instead of " next_uid[key])
        else if (now_mails[key] == mails[key] && now_next[key] == next_uid[key] && now_size[key] != "-" && size[key] != "-" && now_size[key] + 0 < size[key] + 0)
          lost(user, name " is smaller: " now_size[key] " bytes instead of " size[key] ", with as many mails")
      }
      for (i = 1; i <= subscriptions; i++) {
        split(subscribed[i], part, FS)
        if (part[1] in is && !(subscribed[i] in still)) print "unsubscribed" field part[1] field part[2] field (part[1] in some ? "some" : "all")
      }
      for (i = 1; i <= quotas; i++) {
        split(limits[i], part, FS)
        if (!(part[1] in is) || limits[i] in has) continue
        lost(part[1], "the quota \"" root[i] "\" has " ((part[1] FS part[2]) in other ? "the limit " other[part[1] FS part[2]] : "no limit") " for " part[2] " instead of " part[3])
      }
      if (compared) print "compared " compared " compared with the record from before the upgrade"
    }' "$record" "$after"
}

decide() {
  while IFS="$FIELD" read -r what user name third mails now; do
    case $what in
      missing)
        if [ "$name" = INBOX ]; then echo "lost $user: INBOX is missing"
        elif place=$(still_there "$user" "$name" "$third"); then echo "lost $user: $name is missing (mails: $mails), and is still in $place"
        else echo "note $user: $name is gone since the record"; fi
        ;;
      another)
        # Made again by the user since the record: the new one is on disk, and not only in the memory of this round, and the old one is not.
        if still_there "$user" "$name" "$now" >/dev/null && ! still_there "$user" "" "$third" >/dev/null; then
          echo "note $user: $name was made again since the record"
        else echo "lost $user: $name is another mailbox: $mails"; fi
        ;;
      unsubscribed)
        if [ "$third" = some ] && subscriptions_changed "$user"; then echo "note $user: $name is not subscribed any more since the record"
        else echo "lost $user: the subscription of $name is missing"; fi
        ;;
      gone)
        left=$(places "$user" | while IFS= read -r place; do [ ! -e "$place" ] || printf '%s\n' "$place"; done | head -n 1)
        if [ -n "$left" ]; then echo "lost $user: the user databases do not know this user any more, and the mail is still in $left"
        else echo "note $user: gone since the record"; fi
        ;;
      *) printf '%s\n' "$what" ;;
    esac
  done
}

# The mail folders on disk against the list. Folders that no list shows count only for users whom the record does not have.
against_disk() {
  awk -F '\t' '
    FILENAME == ARGV[1] { if ($1 == "user") was[$2] = 1; next }
    $1 == "user" && !($2 in was) { new[$2] = 1; compared++ }
    $1 == "failed" && !($2 in was) { new[$2] = 1; compared++; print "note " $2 ": the mailboxes cannot be listed: " $3 }
    $1 == "unknown" && !($2 in was) { print "note " $2 ": not compared: " $3 }
    $1 == "folder" && $8 !~ /^0*$/ { known[$2 FS $8] = $3; mails[$2 FS $8] = $4 }
    $1 == "folder" && $3 == "INBOX" { inbox[$2] = $4 }
    $1 == "path" { listed[$2 FS $3] = 1; if ($4 == "INBOX" && $5 == "empty") inbox[$2] = 0 }
    $1 == "place" && $4 == "mail" { listed[$2 FS $3] = 1; roots[$2] = roots[$2] $3 "\n" }
    $1 == "partly" { partly = 1 }
    $1 == "disk" { disk[++found] = $0 }
    END {
      for (i = 1; i <= found; i++) {
        split(disk[i], part, "\t"); user = part[2]; many = part[4]; path = part[5]; guid = part[6]
        if (many == "0") continue
        said = many == "-" ? "mails" : some(many)
        if (guid != "" && (user FS guid) in known) {
          if (mails[user FS guid] == 0) print "lost " user ": " known[user FS guid] " is empty, and " path " has " said
        } else if (!(user in new) || (user FS path) in listed) continue
        else if (!(user in inbox) || inbox[user] == 0) print "lost " user ": INBOX is " (user in inbox ? "empty" : "missing") ", and the " said " in " path " belong to no mailbox"
        else if (!partly && below(user, path)) print "lost " user ": the " said " in " path " belong to no mailbox"
        else print "note " user ": the " said " in " path " belong to no mailbox"
      }
      if (compared) print "compared " compared " compared with the mail folders on disk"
    }
    function some(number) { return number (number == 1 ? " mail" : " mails") }
    function below(user, path, i, n, root) {
      n = split(roots[user], root, "\n")
      for (i = 1; i < n; i++) if (index(path, root[i] "/") == 1) return 1
      return 0
    }' "$record" "$after"
}

# Without a record: prefixes and separators of namespaces, and a limit for all users, that the old files have and the new ones have not.
against_words() {
  awk -F '\t' '
    FILENAME == ARGV[1] {
      if ($1 == "setting") is[$2 " " $3] = 1
      else if ($1 == "quota") limited = 1
      else if ($1 == "user") users = 1
      next
    }
    $1 == "quota" { if (users && !limited) print "lost all users: the quota of the old files limits nobody"; next }
    !($1 in is) { split($1, word, " "); print "lost all users: no namespace has the " word[1] " \"" word[2] "\" of the old files" }' "$after" "$words"
}

{ if [ -s "$record" ]; then candidates | decide; else against_words; fi; against_disk; } | awk '!seen[$0]++'
