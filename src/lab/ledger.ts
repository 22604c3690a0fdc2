/**
 * The record of everything that a run of the lab makes on this machine, written before it is made. The run itself removes all of it
 * (at its end, on a signal, on a crash); if the run was killed, the next run does.
 */

import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { must, withLock } from './programs.ts';

const HOME = '/run/harden-mail-lab';

/** Type of the file system that containers of most kinds have as their root (statfs(2)). */
const OVERLAYFS = 0x794c7630;

/** Bytes of free memory from which on hosts' own layers, 10 MB each and 1 GB in an upgrade, are kept there. */
const PLENTY = 8 * 2 ** 30;

/** All is named after the owner's pid, so that two runs cannot meet. */
export interface Ledger {
  readonly pid: number;
  /** Start of the owner in clock ticks since boot: tells it from a later process with the same pid. */
  readonly started: string;
  /** Which /28 of 198.18.0.0/24 is the run's: 0 to 15. */
  readonly slot: number;
  /** Where the run keeps its files; in memory where there is enough, and where the disk cannot be an upper layer. */
  readonly folder: string;
  readonly memory: boolean;
  /** Network interfaces, network namespaces, and control groups below the root of each hierarchy. */
  readonly links: string[];
  readonly namespaces: string[];
  readonly cgroups: string[];
}

const file = (pid: number): string => join(HOME, `${pid}.json`);

/** Field 22 of /proc/PID/stat; empty when there is no such process. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

export function save(ledger: Ledger): void {
  writeFileSync(`${file(ledger.pid)}.new`, JSON.stringify(ledger));
  renameSync(`${file(ledger.pid)}.new`, file(ledger.pid));
}

/** The mount points of the cgroup hierarchies that systemd uses: one where cgroups are unified, else two. */
export function hierarchies(): string[] {
  const mounts = readFileSync('/proc/mounts', 'latin1').split('\n');
  return mounts.flatMap((line) => {
    const [, path = '', type, options = ''] = line.split(' ');
    const used = type === 'cgroup2' || options.includes('name=systemd');
    return used && path.startsWith('/sys/fs/cgroup') ? [path] : [];
  });
}

/** Opens a ledger for this process, after what dead runs have left is gone. */
export function openLedger(runs: string): Promise<Ledger> {
  mkdirSync(HOME, { recursive: true });
  return withLock(join(HOME, 'lock'), async () => {
    const ledgers = readdirSync(HOME)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(HOME, name), 'utf8')) as Ledger);
    const dead = ledgers.filter(({ pid, started }) => startOf(pid) !== started);
    dead.forEach(clear);
    const taken = new Set(ledgers.filter((ledger) => !dead.includes(ledger)).map(({ slot }) => slot));
    const slot = Array.from({ length: 16 }, (_, n) => n).find((n) => !taken.has(n));
    if (slot === undefined) throw new Error('lab: 16 runs are at work already, all addresses are taken');
    const { pid } = process;
    const folder = join(runs, `${pid}`);
    detach(folder); // of an earlier process with the same number
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const memory = freemem() > PLENTY || statfsSync(folder).type === OVERLAYFS;
    const ledger = { pid, started: startOf(pid), slot, folder, memory, links: [], namespaces: [], cgroups: [] };
    save(ledger);
    if (memory) await must('mount', ['-t', 'tmpfs', '-o', 'mode=700', 'lab', folder]);
    return ledger;
  });
}

/** Takes away all that a ledger lists. Synchronous, because it also runs while the process exits. */
export function clear(ledger: Ledger): void {
  release(ledger, ledger);
  detach(ledger.folder);
  rmSync(ledger.folder, { recursive: true, force: true });
  rmSync(file(ledger.pid), { force: true });
}

/**
 * Unmounts a folder and everything below it. While other processes mount and unmount, a read of the mount table can miss entries,
 * for us and for umount: so it is repeated until a later read shows none.
 */
function detach(folder: string): void {
  for (let quiet = 0, tries = 0; quiet < 2 && tries < 50; tries++) {
    const left = mountsIn(folder);
    quiet = left.length === 0 ? quiet + 1 : 0;
    for (const path of left.toReversed()) spawnSync('umount', ['--lazy', path]);
  }
}

function mountsIn(folder: string): string[] {
  const mounts = readFileSync('/proc/mounts', 'latin1').split('\n');
  return mounts
    .flatMap((line) => line.split(' ')[1] ?? '')
    .filter((path) => path === folder || path.startsWith(`${folder}/`));
}

/** Takes away some of what a ledger lists, and strikes it out. */
export function release(ledger: Ledger, what: Pick<Ledger, 'links' | 'namespaces' | 'cgroups'>): void {
  const { links, namespaces, cgroups } = what;
  for (const group of cgroups) empty(group);
  const batch = [...namespaces.map((name) => `netns del ${name}`), ...links.map((name) => `link del ${name}`)];
  if (batch.length > 0) spawnSync('ip', ['-force', '-batch', '-'], { input: batch.join('\n') });
  for (const list of ['links', 'namespaces', 'cgroups'] as const) {
    const gone = new Set(what[list]);
    ledger[list].splice(0, Infinity, ...ledger[list].filter((name) => !gone.has(name)));
  }
}

/** Kills every process of a control group and removes it. */
function empty(group: string): void {
  const paths = hierarchies().map((root) => join(root, group));
  const deadline = Date.now() + 5000;
  for (const path of paths) {
    for (;;) {
      for (const pid of members(path)) attempt(() => process.kill(pid, 'SIGKILL'));
      if (attempt(() => removeTree(path)) || Date.now() > deadline) break;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(path, entry.name));
  } catch {
    return [];
  }
}

function members(path: string): number[] {
  let own: number[] = [];
  attempt(() => {
    own = readFileSync(join(path, 'cgroup.procs'), 'latin1').split('\n').filter(Boolean).map(Number);
  });
  return [...own, ...folders(path).flatMap(members)].filter((pid) => pid > 0);
}

function removeTree(path: string): void {
  for (const folder of folders(path)) removeTree(folder);
  rmdirSync(path);
}

function attempt(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
