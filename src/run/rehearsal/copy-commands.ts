/** The commands that a rehearsal runs on a copy, beside those of harden-mail itself. */
/** The state of Postfix and of Dovecot, a line each. */
export const ACTIVE = 'systemctl is-active postfix dovecot';

/** Prints the ports that Postfix and Dovecot hold, a line each. */
export const LISTENING = `ss -Hltnp | grep -E '"(master|dovecot)"' | sed -nE 's/^.*:([0-9]+) +[^ ]+:\\*.*$/\\1/p' | sort -un`;

/** Prints the first mails that were returned to their senders. */
export const BOUNCES = "journalctl -q --no-pager -o cat | grep 'status=bounced' | head -n 3";

/** An upgrade as an administrator does it unattended: each configuration file that he has changed stays, or becomes that of its package. */
export function upgradeScript(files: 'of the host' | 'of the packages'): string {
  const [ucf, dpkg] = files === 'of the host' ? ['UCF_FORCE_CONFFOLD', 'confold'] : ['UCF_FORCE_CONFFNEW', 'confnew'];
  return `export DEBIAN_FRONTEND=noninteractive ${ucf}=1
[ ! -d /srv/apt-next ] || echo 'deb [trusted=yes] file:/srv/apt-next ./' >/etc/apt/sources.list
{ apt-get -q update && apt-get -q -y -o Dpkg::Options::=--force-${dpkg} full-upgrade; } >/root/upgrade.log 2>&1 </dev/null
`;
}

/** Prints the paths of the files that stayed in an upgrade, although their packages have others: apt leaves these beside them. */
export const STAYED = `find /etc -xdev \\( -name '*.dpkg-dist' -o -name '*.dpkg-new' -o -name '*.ucf-dist' \\) | sed 's/\\.[^.]*$//' | sort`;
