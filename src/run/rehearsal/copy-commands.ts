/** The commands that a rehearsal runs on a copy, beside those of harden-mail itself. */
import { PATHS } from '../../model/index.ts';

/** The state of Postfix and of Dovecot, a line each. */
export const ACTIVE = 'systemctl is-active postfix dovecot';

/** Folders that an apply after the upgrade changes. */
const CHANGED = [PATHS.POSTFIX, PATHS.DOVECOT, PATHS.LETSENCRYPT, PATHS.STORE].join(' ');
export const SAVE = `tar -cf /root/after-upgrade.tar ${CHANGED} 2>/dev/null`;
/** The files as they were after the upgrade, and then each file of a package in the place of the host's; prints their paths. */
export const TAKE = `set -e
rm -rf ${CHANGED}
tar -C / -xf /root/after-upgrade.tar 2>/dev/null
find ${PATHS.POSTFIX} ${PATHS.DOVECOT} -name '*.dpkg-dist' -o -name '*.ucf-dist' -o -name '*.dpkg-new' | sort | while read -r new; do
  own=\${new%.*}
  cat "$new" >"$own" && rm "$new" && echo "$own"
done
`;

/** Prints the ports that Postfix and Dovecot hold, a line each. */
export const LISTENING = `ss -Hltnp | grep -E '"(master|dovecot)"' | sed -nE 's/^.*:([0-9]+) +[^ ]+:\\*.*$/\\1/p' | sort -un`;

/** Prints the first mails that were returned to their senders. */
export const BOUNCES = "journalctl -q --no-pager -o cat | grep 'status=bounced' | head -n 3";

/** As an administrator does it unattended: every configuration file of the host stays. */
export const UPGRADE = `export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1
[ ! -d /srv/apt-next ] || echo 'deb [trusted=yes] file:/srv/apt-next ./' >/etc/apt/sources.list
{ apt-get -q update && apt-get -q -y -o Dpkg::Options::=--force-confold full-upgrade; } >/root/upgrade.log 2>&1 </dev/null
`;
