# The users whom a host can be asked about; sourced by sessions.sh and folders.sh.
# Before it: $here, a folder for "system" (names to leave out), and $use, the options for doveadm.
# shellcheck shell=sh disable=SC2154,SC2086 # the variables above; $use is one word, two or none.

# System users are left out: they get no mail of their own.
system_users() { awk -F: '$3 < 1000 || $3 == 65534 { print $1 }' /etc/passwd >"$here/system"; }

choose() { grep -xE '[A-Za-z0-9_][A-Za-z0-9._@+=-]*' | grep -vxFf "$here/system" | awk '!seen[$0]++'; }

# The users of the last logins. Their mailboxes exist, and they would notice a failure first.
recent() {
  { timeout 5 journalctl -q --no-pager -o cat -n 2000 -u dovecot; tail -n 2000 /var/log/mail.log; } |
    sed -n 's/.*-login: \(Info: \)\{0,1\}\(Login\|Logged in\): user=<\([^<> ]*\)>.*/\3/p' | sed '1!G; h; $!d'
} 2>/dev/null

iterated() { timeout "${1-5}" doveadm $use user '*'; } # SECONDS

# The settings that may name a place of mail, from the daemon's own reader; from the files as text where it refuses them, which
# is so with files of 2.3 on a host with 2.4.
settings_text() {
  timeout 5 doveconf -n || { find "$DOVECOT/" -type f -name '*.conf*' -exec cat {} + | sed '/^ *#/d; s/^[ \t]*\([a-z_]*\)[ \t]*=[ \t]*/\1 = /'; }
} 2>/dev/null

# The owners of mail folders, for a user database that cannot be listed (static): the folders that exist are compared with the
# places that the settings name. /srv/vmail/%d/%n and the folder /srv/vmail/example.org/carol give carol@example.org.
owners() { # NUMBER: at most so many of each place
  settings_text | sed -n '/^ *\(mail\|mail_[a-z_]*\|home\|location\|args\|default_fields\) = /{
    s/%{ *user *| *domain *\(| *lower *\)\{0,1\}}/%d/g; s/%{ *user *| *username *\(| *lower *\)\{0,1\}}/%n/g; s/%{ *user *\(| *lower *\)\{0,1\}}/%u/g
    s/%L\([und]\)/%\1/g; p; }' |
    awk '{ words = split($0, word, /[ \t:=]+/); for (i = 1; i <= words; i++) if (word[i] ~ /^\/[^*?[]*%[un]/) print word[i] }' |
    awk -F / '{ place = ""
      for (i = 2; i <= NF; i++) {
        if ($i == "%u" || $i == "%n") { print place "/" $i; next }
        if ($i ~ /%/ && $i != "%d") next
        place = place "/" $i
      } }' | sort -u | while read -r place; do
    # Unquoted on purpose: each variable is one part of the path.
    for found in $(printf '%s' "$place" | sed 's/%[und]/*/g'); do
      if is_domain "$found"; then
        for child in "$found"/*/; do [ ! -d "$child" ] || printf '%s@%s\n' "$(basename "$child")" "${found##*/}"; done
      elif [ -e "$found" ]; then printf '%s\n' "$found"; fi
    done | head -n "$1" | awk -F / -v place="$place" '
      !/^\// { print; next }
      { many = split(place, part, "/"); domain = ""
        for (i = 2; i < many; i++) if (part[i] == "%d") domain = "@" $i
        if ($0 !~ /lost[+]found/) print $many (part[many] == "%n" ? domain : "") }'
  done
} 2>/dev/null

# A place for whole names (/srv/vmail/%u) that nobody uses, because the database has another, may hold a folder for each domain.
is_domain() { # FOLDER
  case ${1##*/} in *@*) return 1 ;; *.*) ;; *) return 1 ;; esac
  for store in cur mailboxes Maildir .maildir mail mdbox sdbox; do [ ! -e "$1/$store" ] || return 1; done
  [ -d "$1" ]
}

# The users of passwd-files with the domain in their path, which Dovecot cannot list: /etc/virtual/%d/passwd.
in_files() {
  settings_text | sed 's/%{ *user *| *domain *\(| *lower *\)\{0,1\}}/%d/g; s/%Ld/%d/g' |
    grep -oE '^ *(args|passwd_file_path) = .*' | grep -oE '/[^ ]*%d[^ ]*' | grep -v '%[^d]' | sort -u | while read -r place; do
    # Unquoted on purpose, as in "owners".
    for file in $(printf '%s' "$place" | sed 's/%d/*/g'); do
      [ ! -f "$file" ] || awk -F : -v before="${place%%\%d*}" -v after="${place#*%d}" '
        /^[^#:]+:/ { domain = substr(FILENAME, length(before) + 1); sub(/\/.*/, "", domain)
          if (substr(after, 1, 1) != "/") domain = substr(FILENAME, length(before) + 1, length(FILENAME) - length(before) - length(after))
          print $1 (index($1, "@") ? "" : "@" domain) }' "$file"
    done
  done
} 2>/dev/null

local_users() {
  awk -F: '$3 >= 1000 && $3 != 65534 { print $1, $6 }' /etc/passwd | while read -r name home; do
    { [ -e "/var/mail/$name" ] || [ -e "$home/Maildir" ] || [ -e "$home/mail" ]; } && printf '%s\n' "$name"
  done
}
