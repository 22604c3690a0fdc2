/** What tests ask a host by the back door. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../src/lab/lab.ts';
import { quote } from '../../src/formats/text/shell-quote.ts';

const MARK = '/run/e2e-mark';

/** From now on `writtenSince` counts. */
export async function mark(host: LabHost): Promise<void> {
  // The clock that stamps files moves by up to 4 ms at a time.
  await host.run(`touch ${MARK}; sleep 0.01`);
}

/** Every file and folder of the disk, below the given ones, that was made or changed since; logs aside. */
export async function writtenSince(host: LabHost, ...folders: string[]): Promise<string[]> {
  const where = folders.length > 0 ? folders.map(quote).join(' ') : '/';
  // A folder's change time moves by itself: overlayfs keeps notes in its attributes.
  const changed = `\\( -newer ${MARK} -o ! -type d -cnewer ${MARK} \\)`;
  const found = await host.run(`find ${where} -xdev \\( -path /var/log -o -path /run \\) -prune -o ${changed} -print`);
  return found.split('\n').filter(Boolean);
}

/** Who runs, since when, with a configuration of when. */
export async function daemons(host: LabHost): Promise<string> {
  const show = ['InvocationID', 'MainPID', 'ActiveEnterTimestampMonotonic', 'ExecReload', 'NRestarts'];
  return host.run(
    `systemctl show ${show.map((name) => `-p ${name}`).join(' ')} postfix@-.service dovecot.service postfix.service
    cat /var/spool/postfix/pid/master.pid`,
  );
}

export interface Activity {
  /** Where the host's journal ends. */
  readonly cursor: string;
  /** The daemons that say they took up their configuration anew. */
  readonly reloads: readonly string[];
  readonly restarts: number;
}

/** What the daemons did, by their own words in the journal, since another look (else since boot). */
export async function activity(host: LabHost, since?: Activity): Promise<Activity> {
  const after = since ? `--after-cursor=${quote(since.cursor)}` : '-b';
  const journal = await host.run(`journalctl -q --no-pager --show-cursor -o cat ${after}`);
  const lines = journal.split('\n');
  const count = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
  return {
    cursor: /^-- cursor: (.*)$/m.exec(journal)?.[1] ?? since?.cursor ?? '',
    reloads: [
      ...Array<string>(count(/^reload -- version .*configuration \/etc\/postfix$/)).fill('postfix'),
      ...Array<string>(count(/SIGHUP received - reloading configuration/)).fill('dovecot'),
    ],
    restarts: count(/^daemon started -- version|Dovecot v\S+ \(.*\) starting up/),
  };
}

/**
 * Nothing of a transaction is left: no staged file, no unit, no lock that is held. The watch of certificates is meant to stay. systemd forgets a unit
 * a moment after its last process has ended.
 */
export async function assertTidy(host: LabHost): Promise<void> {
  const look = (): Promise<string> =>
    host.run(`
    find / -xdev -name '.harden-mail*'
    find /etc/systemd /run/systemd -name '*harden-mail*' ! -name 'harden-mail-certificate.*'
    systemctl list-units --plain --no-legend 'harden-mail*' | grep -v '^harden-mail-certificate[.]'
    [ ! -e /run/harden-mail.lock ] || flock -n /run/harden-mail.lock true || echo 'the lock is held'`);
  let left = await look();
  for (let tries = 0; left.includes(' deactivating ') && tries < 20; tries += 1) {
    await sleep(100);
    left = await look();
  }
  assert.equal(left, '');
}

/** Gives a file an attribute and an entry for a user in its access list; gives back what it has. */
export async function attributes(host: LabHost, path: string, give?: { note: string; user: string }): Promise<string> {
  const program = `
import os, pwd, struct, sys
path = sys.argv[1]
if len(sys.argv) > 2:
    os.setxattr(path, 'user.note', sys.argv[2].encode())
    entries = [(1, 6, -1), (2, 4, pwd.getpwnam(sys.argv[3]).pw_uid), (4, 0, -1), (16, 4, -1), (32, 4, -1)]
    acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHi', *entry) for entry in entries)
    os.setxattr(path, 'system.posix_acl_access', acl)
for name in sorted(os.listxattr(path)):
    print(name, os.getxattr(path, name).hex())
`;
  return host.run(`python3 - ${[path, ...(give ? [give.note, give.user] : [])].map(quote).join(' ')}`, {
    input: program,
  });
}

/** The daemons' own checks of their files have nothing to say. */
export async function assertContent(host: LabHost): Promise<void> {
  for (const check of ['postfix check', 'postconf -n >/dev/null', 'postconf -M >/dev/null', 'doveconf -n >/dev/null'])
    assert.deepEqual(await host.exec(check), { code: 0, stdout: '', stderr: '' }, check);
}
