# shellcheck shell=sh
# What the setup.sh of many hosts need; sourced by them. ADDRESS, NAME and DOMAIN are the host's own.
set -eu
umask 022
lib=/root/host/lib

# Puts files/ where they belong: NAME.append is appended to what the packages left, everything else takes its place. What
# is appended to main.cf takes the place of the packages' lines for the same parameters.
place() {
  (cd /root/host/files && find . -type f) | while read -r file; do
    from=/root/host/files/$file to=/${file#./}
    mkdir -p "$(dirname "$to")"
    case $to in
      */main.cf.append)
        for name in $(sed -n 's/^\([a-z0-9_]*\) *=.*/\1/p' "$from"); do
          sed -i "/^$name *=/d" "${to%.append}"
        done
        sed "s/@ADDRESS@/$ADDRESS/g" "$from" >>"${to%.append}"
        ;;
      *.append) sed "s/@ADDRESS@/$ADDRESS/g" "$from" >>"${to%.append}" ;;
      *) sed "s/@ADDRESS@/$ADDRESS/g" "$from" >"$to" ;;
    esac
  done
}

# unix_user NAME PASSWORD: a user of the system, who logs in by PAM.
unix_user() {
  useradd --create-home --shell /bin/bash "$1"
  echo "$1:$2" | chpasswd
}

# The owner of all virtual mailboxes.
vmail() {
  groupadd -g 5000 vmail
  useradd -u 5000 -g vmail -d /var/vmail -s /usr/sbin/nologin vmail
  install -d -o vmail -g vmail -m 770 /var/vmail
}

# stub UNIT COMMAND…: a service that runs until the host ends.
stub() {
  unit=$1
  shift
  systemd-run -q --unit "$unit" --property Restart=on-failure "$@"
}

# up PORT…: waits until something listens on each of them.
up() {
  for port in "$@"; do
    for _ in $(seq 100); do
      [ -z "$(ss -Hltn "sport = :$port")" ] || continue 2
      sleep 0.1
    done
    echo "nothing listens on $port" >&2
    journalctl -q --no-pager -n 30 >&2
    return 1
  done
}

# Starts the daemons with the files as they are now.
start() {
  newaliases
  systemctl restart postfix dovecot
}

# self_signed CERT KEY NAME…: a certificate as installers make it.
self_signed() {
  cert=$1 key=$2
  shift 2
  names=$(printf ',DNS:%s' "$@")
  mkdir -p "$(dirname "$cert")" "$(dirname "$key")"
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$1" -addext "subjectAltName=${names#,}" \
    -keyout "$key" -out "$cert" 2>/dev/null
  chmod 600 "$key"
}

# sign REQUEST AUTHORITY DAYS CERT EXTENSION…: the certificate for a request, by the authority whose files have this name.
sign() {
  request=$1 by=$2 days=$3 cert=$4
  shift 4
  printf '%s\n' subjectKeyIdentifier=hash authorityKeyIdentifier=keyid "$@" >"$request.ext"
  openssl x509 -req -sha256 -in "$request" -CA "$by.pem" -CAkey "$by.key" -set_serial "0x$(openssl rand -hex 16)" \
    -days "$days" -extfile "$request.ext" -out "$cert"
  rm "$request" "$request.ext"
}

# authority: a certificate authority of its own, a root and an issuer, in /root/ca.
authority() {
  mkdir -p /root/ca
  (
    cd /root/ca
    ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
    # shellcheck disable=SC2086
    openssl req -x509 $ec -days 3650 -subj '/CN=Example Root' -keyout root.key -out root.pem
    # shellcheck disable=SC2086
    openssl req -new $ec -subj '/CN=Example Issuer' -keyout issuer.key -out request.pem
    sign request.pem root 3650 issuer.pem basicConstraints=critical,CA:TRUE
  ) 2>/dev/null
}

# issue KIND CERT KEY NAME…: a valid certificate of that authority; KIND is rsa or ec.
issue() {
  kind=$1 cert=$2 key=$3
  shift 3
  names=$(printf ',DNS:%s' "$@")
  mkdir -p "$(dirname "$cert")" "$(dirname "$key")"
  case $kind in rsa) new='-newkey rsa:2048' ;; *) new='-newkey ec -pkeyopt ec_paramgen_curve:P-256' ;; esac
  # shellcheck disable=SC2086
  openssl req -new $new -nodes -subj "/CN=$1" -keyout "$key" -out /root/ca/request.pem 2>/dev/null
  sign /root/ca/request.pem /root/ca/issuer 90 "$cert" basicConstraints=critical,CA:FALSE "subjectAltName=${names#,}" 2>/dev/null
  cat /root/ca/issuer.pem >>"$cert"
  chmod 600 "$key"
}
