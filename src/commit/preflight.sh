# What a certificate authority would find: addresses of the names, addresses of this host, the holder of port 80. Read-only.
# shellcheck shell=sh disable=SC2154 # $domains is set by the line before
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
# By DNS alone: /etc/hosts often maps the host's own name to 127.0.1.1 (Debian), which the rest of the world does not see.
for domain in $domains; do
  # -A also returns addresses of a family that the host itself does not have: other machines may have it.
  { getent -A -s hosts:dns ahosts "$domain" 2>/dev/null || getent -s hosts:dns ahosts "$domain"; } | sed -n "s/^\([^ ]*\) .*STREAM.*/resolves $domain \1/p"
done
ip -o addr show scope global 2>/dev/null | sed -n 's/.* inet6\{0,1\} \([^/ ]*\).*/own \1/p'
ss -Hltnp 'sport = :80' 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)".*/busy \1/p; t; s/.*/busy another program/p' | sort -u
exit 0
