# Lets certbot request a certificate for $domains by http-01, stored under $name. "$@" are additional options for certbot.
# An existing certificate of that name is replaced even if it has not expired: the plan found it unusable.
# shellcheck shell=sh disable=SC2154 # $name, $domains, $challenge, $webroot and $acme_ca are set by the lines before
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

# Folders that nginx or Apache may serve, from their configuration. Only a request shows which folder belongs to a name.
roots() {
  if [ -n "$webroot" ]; then
    printf '%s\n' "$webroot"
  else
    nginx -T 2>/dev/null | sed 's/#.*//' | tr ';{}' '\n' | sed -n 's/^[ \t]*root[ \t]\{1,\}//p'
    sed -n 's/^[ \t]*DocumentRoot[ \t]\{1,\}//Ip' /etc/apache2/apache2.conf /etc/apache2/sites-enabled/* \
      /etc/apache2/conf-enabled/* 2>/dev/null
  fi | tr -d "\"'" | sed -n '/^\//{s/[ \t\r]*$//; p;}' | sort -u
}

# Puts a file into each folder in turn and requests it on port 80, as the authority will, until a request succeeds. Prints the
# folder in the form of certbot's --webroot-map, which certbot keeps for renewals (with `-w` it forgets still authorized names).
served() { # DOMAIN FOLDERS, a line each
  python3 - "$@" <<'END'
import http.client, json, os, secrets, socket, ssl, sys

def ask(domain, path):
    for address in ('127.0.0.1', domain):
        try:
            plain = http.client.HTTPConnection(address, 80, timeout=5)
            plain.request('GET', path, headers={'Host': domain})
            answer = plain.getresponse()
            if 'https://' + domain + path == answer.getheader('Location'):
                inside = http.client.HTTPConnection(domain)
                unchecked = ssl._create_unverified_context()  # the authority does not check it either
                inside.sock = unchecked.wrap_socket(socket.create_connection((address, 443), 5), server_hostname=domain)
                inside.request('GET', path)
                answer = inside.getresponse()
            return answer.read(1000)
        except OSError:
            pass

def own(folder):
    """The folder without links that another user than root can lead elsewhere after today."""
    parts = folder.rstrip('/').split('/')
    paths = ['/'.join(parts[:n]) for n in range(2, len(parts) + 1)]
    theirs = [path for path in paths if os.path.islink(path) and os.lstat(path).st_uid != 0]
    return os.path.realpath(folder) if theirs else folder

def create(path):
    """Opens a file that did not exist; no link is followed."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644), 'w')

os.umask(0o022)
domain, folders = sys.argv[1], sys.argv[2].splitlines()
token = secrets.token_hex(16)
path = '/.well-known/acme-challenge/harden-mail-' + token
for folder in map(own, filter(os.path.isdir, folders)):
    made = []
    try:
        for part in (folder + '/.well-known', folder + '/.well-known/acme-challenge'):
            if os.path.islink(part):
                raise OSError('a link')
            if not os.path.isdir(part):
                os.mkdir(part)
                made.insert(0, part)
        with create(folder + path) as file:
            file.write(token)
        found = ask(domain, path) == token.encode()
        os.unlink(folder + path)
    except OSError:
        found = False
    for part in made:
        try:
            os.rmdir(part)
        except OSError:
            pass
    if found:
        print(json.dumps({domain: folder}))
        sys.exit()
sys.exit('it serves ' + domain + ' from none of the folders that were found: ' + (', '.join(folders) or 'none'))
END
}

if [ -n "$acme_ca" ]; then
  bundle=$(mktemp) && trap 'rm -f "$bundle"' EXIT &&
    { cat "$HOST_ROOTS" 2>/dev/null; printf '%s\n' "$acme_ca"; } >"$bundle" || exit
  REQUESTS_CA_BUNDLE=$bundle
  export REQUESTS_CA_BUNDLE
fi

if [ "$challenge" = webroot ]; then
  set -- --webroot "$@"
  for domain in $domains; do
    map=$(served "$domain" "$(roots)") || exit 81
    set -- "$@" --webroot-map "$map" -d "$domain"
  done
else
  set -- --standalone "$@"
  for domain in $domains; do set -- "$@" -d "$domain"; done
fi

# Debian's package creates the folder, but somebody may have removed it with its contents.
(umask 022 && mkdir -p "$LETSENCRYPT") && cd "$LETSENCRYPT" && set -- --cert-name "$name" "$@" || exit
there=
for part in "renewal/$name.conf" "live/$name" "archive/$name"; do [ ! -e "$part" ] || there=yes; done
certbot certonly -n --agree-tos --force-renewal --expand "$@"
status=$?
# For a rate limit certbot 2.1 (Debian 12) fails with its own error ("can't set attribute"). Its log has the authority's text.
[ $status = 0 ] || grep -h -A 3 'acme:error:rateLimited' "$CERTBOT_LOG" 2>/dev/null | head -n 8
# A partial certificate (after a full disk, for example) would block the next request.
[ $status = 0 ] || [ "$there" ] || rm -rf "renewal/$name.conf" "live/$name" "archive/$name"
exit $status
