/**
 * A certificate that certbot does not renew is watched: when its files have been replaced, by whatever tool, the daemons
 * reload. systemd watches the folders, for most tools replace a file by renaming another over it. Pure.
 */
import type { Facts, Policy } from '../model/index.ts';
import { quote } from '../formats/text/shell-quote.ts';
import { allKept } from './kept.ts';
import { remakeMaps } from './sni-maps.ts';
import type { OwnFile } from './task.ts';

export const WATCH_UNIT = 'harden-mail-certificate.path';
export const WATCH = `/etc/systemd/system/${WATCH_UNIT}`;
const SERVICE = '/etc/systemd/system/harden-mail-certificate.service';
/** Has the unit start at boot. A link below multi-user.target.wants would do the same, and a transaction writes files alone. */
const AT_BOOT = '/etc/systemd/system/multi-user.target.d/harden-mail-certificate.conf';
const SCRIPT = '/var/lib/harden-mail/reload-certificate';

interface Watched {
  readonly key: string;
  readonly cert: string;
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** Can the host tell whether the key is the certificate's? Not where it has a password. */
  readonly isOpen: boolean;
}

/** What certbot does not renew: the certificates that stay, and those that the admin brings. */
export function watched({ provided, providedSni = [] }: Facts, policy: Policy): Watched[] {
  const brought = [...(provided ? [provided] : []), ...providedSni].map(({ key, cert, folders = [] }) => {
    return { key, cert, files: [key, cert], folders, isOpen: true };
  });
  const kept = allKept(policy).flatMap(({ pairs, folders, lineages, shared }) =>
    lineages.length > 0 ? [] : pairs.map((pair) => ({ ...pair, folders, isOpen: shared })),
  );
  const all = [...brought, ...kept];
  return [...new Map(all.map((one) => [one.files.join('\n'), one])).values()];
}

/** The units and what they run; taken away where there is nothing to watch. Without systemd there are none. */
export function watchFiles(facts: Facts, policy: Policy): OwnFile[] {
  const all = hasSystemd(facts) ? watched(facts, policy) : [];
  const why = 'a certificate that certbot does not renew is loaded once it has been replaced';
  const file = (path: string, text: string): OwnFile => {
    return { path, bytes: all.length > 0 ? text : null, mode: '0644', owner: 'root:root', why };
  };
  return [
    file(WATCH, pathUnit(all)),
    file(SERVICE, service()),
    file(AT_BOOT, atBoot()),
    file(SCRIPT, script(all, policy)),
  ];
}

/** What the admin must know of it. */
export function watchNotes(facts: Facts, policy: Policy): string[] {
  if (hasSystemd(facts)) return [];
  return watched(facts, policy).map(({ cert }) => `${cert} is not certbot's, and without systemd nothing watches it: have the tool that renews it reload the daemons (postfix reload; doveadm reload)`); // oxfmt-ignore
}

/** Where a daemon's unit is known. */
function hasSystemd({ units }: Facts): boolean {
  return Object.keys(units).length > 0;
}

function pathUnit(all: readonly Watched[]): string {
  const folders = [...new Set(all.flatMap(({ folders }) => folders))].filter((folder) => folder !== '/');
  const paths = folders.length > 0 ? folders : all.flatMap(({ files }) => files);
  return `# Written by harden-mail: Postfix and Dovecot reload once a certificate that certbot does not renew has been replaced.
# The folders are watched, for most tools replace a file by renaming another over it.
[Unit]
Description=harden-mail: certificates of Postfix and Dovecot

[Path]
${[...paths].sort().map((path) => `PathChanged=${path.replaceAll('%', '%%')}\n`).join('')}`; // oxfmt-ignore
}

function service(): string {
  return `# Written by harden-mail: called by ${WATCH_UNIT}.
[Unit]
Description=harden-mail: load a certificate that has been replaced
# A tool may write many files one after the other; each call that finds nothing new ends at once.
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/sh ${SCRIPT}
`;
}

function atBoot(): string {
  return `# Written by harden-mail: the certificates of Postfix and Dovecot are watched from boot on.
[Unit]
Wants=${WATCH_UNIT}
`;
}

function script(all: readonly Watched[], policy: Policy): string {
  const files = [...new Set(all.flatMap((one) => one.files))].map(quote);
  const fits = all.map(({ key, cert, isOpen }) => isOpen ? `belongs ${quote(key)} ${quote(cert)}` : `[ -s ${quote(cert)} ]`); // oxfmt-ignore
  return `#!/bin/sh
# Written by harden-mail: has Postfix and Dovecot load a certificate that has been replaced, for which certbot runs no hook.
# ${WATCH_UNIT} calls this when something changes in a folder of its files. A reload happens only for other bytes than the last
# time, once they have not changed for 2 s, and only when each private key is the certificate's: never with half of a pair.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
loaded=/run/harden-mail-certificate

digest() {
  sha256sum ${files.join(' ')} 2>&1 | sha256sum
}

belongs() { # KEY CERTIFICATE
  command -v openssl >/dev/null || return 0
  public=$(openssl pkey -passin pass: -pubout -in "$1") && [ "$(openssl x509 -noout -pubkey -in "$2")" = "$public" ]
} 2>/dev/null

fits() {
  ${fits.join(' &&\n    ')}
}
${remakeMaps(policy)}
# A folder may be a busy one: then this is called once a second, and no more often.
sleep 1
tries=0
while now=$(digest) && [ "$now" != "$(cat "$loaded" 2>/dev/null)" ]; do
  sleep 2
  if [ "$now" = "$(digest)" ] && fits; then
    logger -t harden-mail 'a certificate was replaced: reloading Postfix and Dovecot'
    ${policy.sniMaps ? 'remake_maps\n    ' : ''}systemctl try-reload-or-restart postfix dovecot || {
      logger -t harden-mail -p mail.err 'a certificate was replaced, but Postfix or Dovecot was not reloaded'
      exit 1
    }
    printf '%s\\n' "$now" >"$loaded"
  elif [ $((tries = tries + 1)) -ge 60 ]; then
    logger -t harden-mail -p mail.err 'a certificate was replaced, but it and its private key do not belong together: Postfix and Dovecot were not reloaded'
    exit 1
  fi
done
`;
}
