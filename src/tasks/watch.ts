/**
 * Watches certificates that certbot does not renew: when another tool replaces the files, the daemons reload. systemd watches the
 * folders, because most tools replace a file by renaming another over it. Pure.
 */
import { PATHS, type Facts, type Policy } from '../model/index.ts';
import { quote } from '../formats/text/shell-quote.ts';
import { allKept } from './kept.ts';
import { remakeMaps } from './sni-maps.ts';
import type { OwnFile } from './task.ts';

export const WATCH_UNIT = 'harden-mail-certificate.path';

interface Watched {
  readonly key: string;
  readonly cert: string;
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** Can the host check that the key belongs to the certificate? Not if the key has a password. */
  readonly isOpen: boolean;
}

/** Certificates that certbot does not renew: those that stay, and those that the administrator supplies. */
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

/** The units and their script; removed if there is nothing to watch. Without systemd there are none. */
export function watchFiles(facts: Facts, policy: Policy): OwnFile[] {
  const all = hasSystemd(facts) ? watched(facts, policy) : [];
  const why = 'the daemons load a certificate that another tool than certbot has replaced';
  const file = (path: string, text: string): OwnFile => {
    return { path, bytes: all.length > 0 ? text : null, mode: '0644', owner: 'root:root', why };
  };
  return [
    file(PATHS.WATCH, pathUnit(all)),
    file(PATHS.WATCH_SERVICE, service()),
    file(PATHS.WATCH_AT_BOOT, atBoot()),
    file(PATHS.WATCH_SCRIPT, script(all, policy)),
  ];
}

/** Notes for a host that cannot watch. */
export function watchNotes(facts: Facts, policy: Policy): string[] {
  if (hasSystemd(facts)) return [];
  return watched(facts, policy).map(({ cert }) => `certbot does not renew ${cert}, and without systemd nothing watches it: make the tool that renews it reload the daemons (postfix reload; doveadm reload)`); // oxfmt-ignore
}

/** Are the units of the daemons known? */
function hasSystemd({ units }: Facts): boolean {
  return Object.keys(units).length > 0;
}

function pathUnit(all: readonly Watched[]): string {
  const folders = [...new Set(all.flatMap(({ folders }) => folders))].filter((folder) => folder !== '/');
  const paths = folders.length > 0 ? folders : all.flatMap(({ files }) => files);
  return `# Written by harden-mail: Postfix and Dovecot reload when a certificate that certbot does not renew is replaced.
# systemd watches the folders, because most tools replace a file by renaming another over it.
[Unit]
Description=harden-mail: certificates of Postfix and Dovecot

[Path]
${[...paths].sort().map((path) => `PathChanged=${path.replaceAll('%', '%%')}\n`).join('')}`; // oxfmt-ignore
}

function service(): string {
  return `# Written by harden-mail: called by ${WATCH_UNIT}.
[Unit]
Description=harden-mail: load a certificate that has been replaced
# A tool may write many files in a row; each call that finds nothing new ends at once.
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/sh ${PATHS.WATCH_SCRIPT}
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
# Written by harden-mail: Postfix and Dovecot load a replaced certificate for which certbot runs no hook.
# ${WATCH_UNIT} calls this when something changes in a folder of its files. It reloads only if the files differ from those of the
# last time, have not changed for 2 s, and each private key belongs to its certificate: never with half of a pair.
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
loaded=${PATHS.WATCH_LOADED}

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
# A folder may change often: this sleep limits the script to once a second.
sleep 1
tries=0
while now=$(digest) && [ "$now" != "$(cat "$loaded" 2>/dev/null)" ]; do
  sleep 2
  # The digest is taken last: so the pair that was compared is the one that is recorded as loaded.
  if fits && [ "$now" = "$(digest)" ]; then
    logger -t harden-mail 'a certificate was replaced: reloading Postfix and Dovecot'
    ${policy.sniMaps ? 'remake_maps\n    ' : ''}systemctl try-reload-or-restart postfix dovecot || {
      logger -t harden-mail -p mail.err 'a certificate was replaced, but Postfix or Dovecot was not reloaded'
      exit 1
    }
    printf '%s\\n' "$now" >"$loaded"
  elif [ $((tries = tries + 1)) -ge 60 ]; then
    logger -t harden-mail -p mail.err 'a certificate was replaced, but it does not match its private key: Postfix and Dovecot were not reloaded'
    exit 1
  fi
done
`;
}
