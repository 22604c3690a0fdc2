# shellcheck shell=sh
for user in anna ben; do
  install -d -m 0700 -o "$user" -g "$user" "/home/$user/Maildir" "/home/$user/Maildir/cur" "/home/$user/Maildir/new" "/home/$user/Maildir/tmp"
done
