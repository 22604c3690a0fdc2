# Has certbot get a certificate for $domain (http-01, standalone), kept under $name. "$@" are further options for certbot.
# One that is there was found to be of no use, even if it has not expired: it is replaced.
# shellcheck shell=sh disable=SC2154 # $name and $domain are set by the lines before
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
certbot certonly -n --agree-tos --force-renewal --standalone --cert-name "$name" -d "$domain" "$@"
