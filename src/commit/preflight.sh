# What a certificate authority would meet: where the names lead, which addresses are here, who holds port 80. Reads only.
# shellcheck shell=sh disable=SC2154 # $domains is set by the line before
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
# By DNS alone: what /etc/hosts says of the own name (127.0.1.1 on Debian) is not what the world sees.
for domain in $domains; do
  # With -A also of a kind of address that the host itself has none of: the world has.
  { getent -A -s hosts:dns ahosts "$domain" 2>/dev/null || getent -s hosts:dns ahosts "$domain"; } | sed -n "s/^\([^ ]*\) .*STREAM.*/resolves $domain \1/p"
done
ip -o addr show scope global 2>/dev/null | sed -n 's/.* inet6\{0,1\} \([^/ ]*\).*/own \1/p'
ss -Hltnp 'sport = :80' 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)".*/busy \1/p; t; s/.*/busy another program/p' | sort -u
exit 0
