/** One booted machine: systemd-nspawn in a mount and a process namespace that go when it, or we, go. */

import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hierarchies, release, save } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { runProgram, start } from './programs.ts';
import type { Result, ProgramOptions } from './programs.ts';

export interface MachineSpec {
  /** Name of the machine, of its network namespace and of its control group. */
  readonly id: string;
  /** Its overlay: the tree below (or several, the topmost first, separated by colons), and a folder with `upper`, `work` and the mount point `root`. */
  readonly tree: string;
  readonly folder: string;
  readonly apt: string;
  /** Folders of this machine that it sees, by its own paths. */
  readonly sees: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** Let fsync through to the disk. */
  readonly sync: boolean;
}

export interface Machine {
  exec(command: string, options?: ProgramOptions): Promise<Result>;
  /** Boots again and waits until it is up: orderly, or as after a power cut. */
  reboot(how: 'orderly' | 'power-cut'): Promise<void>;
  stop(): Promise<void>;
}

/** The exit status of systemd-nspawn, under --keep-unit, when the machine inside wants to boot again. */
const REBOOT = 133;

/** Nothing of the environment of this process. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };

/** Boots a machine and waits until systemd calls it up. */
export async function boot(ledger: Ledger, spec: MachineSpec): Promise<Machine> {
  const { id } = spec;
  const log = join(spec.folder, 'console.log');
  let child: ChildProcess;
  let stopping = false;
  let ended: string | null = null;
  let init = 0;

  const launch = (): void => {
    ended = null;
    init = 0;
    release(ledger, { cgroups: [id], links: [], namespaces: [] });
    ledger.cgroups.push(id);
    save(ledger);
    for (const root of hierarchies()) mkdirSync(join(root, id), { recursive: true });
    child = start(log, spec.env, 'sh', '-ec', script(spec));
    child.once('close', (code) => {
      if (code === REBOOT && !stopping) launch();
      else if (!stopping) ended = `it ended with ${code}`;
    });
  };

  const leader = (): number => {
    if (!isInit(init)) init = child.pid ? (initBelow(child.pid) ?? 0) : 0;
    return init;
  };

  const exec: Machine['exec'] = async (command, options) => {
    const pid = leader();
    if (!pid) throw new Error(`lab: ${id} is not running: ${ended ?? 'it has not started yet'}`);
    return enter(pid, command, options);
  };

  const up = async (): Promise<void> => {
    for (const deadline = Date.now() + 90_000; Date.now() < deadline; await sleep(40)) {
      if (ended !== null) break;
      const pid = leader();
      if (!pid || !existsSync(`/proc/${pid}/root/run/dbus/system_bus_socket`)) continue;
      const state = (await enter(pid, 'exec systemctl is-system-running --wait')).stdout.toString().trim();
      if (state === 'running') return;
      if (state !== 'degraded') continue; // systemd does not answer yet
      const failed = await exec(
        'systemctl --failed --plain --no-legend; journalctl -p warning -b --no-pager | tail -30',
      );
      throw new Error(`lab: ${id} came up with failed units:\n${failed.stdout.toString()}`);
    }
    const tail = (await readFile(log, 'utf8')).slice(-2000);
    throw new Error(`lab: ${id} did not come up: ${ended ?? 'time is over'}\n${tail}`);
  };

  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await gone;
  };

  launch();
  await up();
  return {
    exec,
    async reboot(how) {
      const before = leader();
      if (how === 'orderly') {
        await exec('systemctl reboot');
        for (const deadline = Date.now() + 60_000; leader() === before; await sleep(40))
          if (Date.now() > deadline) throw new Error(`lab: ${id} does not go down for its reboot`);
      } else {
        stopping = true;
        await kill();
        stopping = false;
        launch();
      }
      await up();
    },
    async stop() {
      stopping = true;
      await kill();
      release(ledger, { cgroups: [id], namespaces: [id], links: [id] });
      save(ledger);
    },
  };
}

function enter(pid: number, command: string, options?: ProgramOptions): Promise<Result> {
  const inside = ['-t', `${pid}`, '-a', '-r', '-w', 'sh', '-c', command];
  return runProgram('nsenter', inside, { ...options, env: ENVIRONMENT });
}

function script({ id, tree, folder, apt, sees, sync }: MachineSpec): string {
  const options = `lowerdir=${tree},upperdir=${folder}/upper,workdir=${folder}/work`;
  const nspawn = [
    ...['systemd-nspawn', '--quiet', '--boot', '--register=no', '--keep-unit', '--console=pipe', '-D', '"$root"'],
    ...[`--machine=${id}`, `--network-namespace-path=/run/netns/${id}`, `--bind-ro=${apt}:/srv/apt`],
    ...Object.entries(sees).map(([inside, here]) => `--bind-ro=${here}:${inside}`),
    ...['--resolv-conf=off', '--timezone=off', '--link-journal=no', ...(sync ? [] : ['--suppress-sync=yes'])],
  ];
  // A control group of its own: without it the machines of a computer that does not run systemd would share one, and
  // each systemd would kill the others' services as its own. The shell stays outside: inner groups hold no processes.
  const join = hierarchies().map((root) => `echo 0 >${root}/${id}/cgroup.procs`);
  return `root=${folder}/root
mount -t overlay overlay -o ${options} "$root"
# systemd-nspawn keeps lock files and folders here that outlive it
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
(
${join.join('\n')}
exec ${nspawn.join(' ')}
) || exit $?`;
}

const proc = (pid: number, path: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${path}`, 'latin1');
  } catch {
    return '';
  }
};

function initBelow(pid: number): number | undefined {
  const children = proc(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.find(isInit) ?? children.map(initBelow).find(Boolean);
}

/** Two process namespaces down (ours, then the machine's own) and the first one there. */
const isInit = (pid: number): boolean => /^NSpid:\t\d+\t\d+\t1$/m.test(proc(pid, 'status'));
