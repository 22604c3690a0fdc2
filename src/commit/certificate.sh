# Has certbot get a certificate for $domain (http-01, standalone). "$@" are further options for certbot.
# shellcheck shell=sh disable=SC2154 # $domain is set by the lines before
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
certbot certonly -n --agree-tos --keep-until-expiring --standalone --cert-name "$domain" -d "$domain" "$@"
