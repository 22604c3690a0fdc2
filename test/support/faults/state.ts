/** What a host is like: its files to the last attribute, and what its daemons run with. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../../src/lab/lab.ts';

/** By path: type, mode, owner, link target, digest, extended attributes. Times aside. */
export type Shape = Readonly<Record<string, string>>;

const FOLDERS = '/etc/postfix /etc/dovecot /etc/letsencrypt/renewal-hooks';

const LOOK = `
import hashlib, json, os, sys
shape = {}
for top in sys.argv[1:]:
    for folder, folders, files in os.walk(top):
        for name in [''] + files + [n for n in folders if os.path.islink(os.path.join(folder, n))]:
            path = os.path.join(folder, name) if name else folder
            stat = os.lstat(path)
            words = ['%o' % stat.st_mode, '%d:%d' % (stat.st_uid, stat.st_gid)]
            if os.path.islink(path): words.append('-> ' + os.readlink(path))
            elif os.path.isfile(path):
                words += [hashlib.sha256(open(path, 'rb').read()).hexdigest(), 'names %d' % stat.st_nlink]
                words += [n + '=' + os.getxattr(path, n).hex() for n in sorted(os.listxattr(path))]
            shape[path] = ' '.join(words)
print(json.dumps(shape))
`;

export async function shapeOf(host: LabHost): Promise<Shape> {
  const text = await host.run(`python3 - ${FOLDERS}`, { input: LOOK });
  return JSON.parse(text) as Shape;
}

/** The paths in which two shapes differ. */
export function difference(a: Shape, b: Shape): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((path) => a[path] !== b[path]).sort();
}

export const save = (host: LabHost): Promise<string> =>
  host.run(`tar --xattrs --xattrs-include='*' --acls -cpf /root/before.tar ${FOLDERS} /etc/letsencrypt 2>/dev/null`);

/** Back to what was saved, with daemons that know it. */
export async function restore(host: LabHost): Promise<void> {
  // What a cell that failed has left at work would spoil the next ones.
  await host.run(`set -e
    systemctl kill -s KILL 'harden-mail-*.service' 2>/dev/null || true
    rm -rf ${FOLDERS} /var/lib/harden-mail /run/harden-mail*
    tar --xattrs --xattrs-include='*' --acls -C / -xpf /root/before.tar
    for unit in dovecot postfix@-; do systemctl reload $unit || systemctl restart $unit; done`);
  await until('nothing listens on 465', async () => (await host.run("ss -Hltn 'sport = :465'")) === '');
}

/** Waits until no transaction is at work or unfinished. */
export async function atRest(host: LabHost, seconds: number): Promise<void> {
  const busy = `systemctl list-units --plain --no-legend 'harden-mail*' | grep -v '^harden-mail-certificate[.]'
    [ ! -e /run/harden-mail.lock ] || flock -n /run/harden-mail.lock true || echo locked
    for state in /var/lib/harden-mail/tx/2*/state; do
      [ ! -e "$state" ] || grep -LE '^(new|committed|refused|rolled-back|broken) *$' "$state"
    done; true`;
  await until('the host is at rest', async () => (await host.run(busy)) === '', seconds).catch(async (error: Error) => {
    const { stdout } = await host.exec(
      `${busy}; date; tail -n 99 /run/harden-mail/*/log /var/lib/harden-mail/tx/*/log; ps axf`,
    );
    throw new Error(`${error.message}\n${stdout}`);
  });
}

export async function until(what: string, holds: () => Promise<boolean>, seconds = 30): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  // A look costs the host some processes: what takes long is looked at less often.
  for (let pause = 100; !(await holds()); pause = Math.min(pause * 1.5, 500)) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(pause);
  }
}
