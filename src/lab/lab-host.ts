/** A booted Debian host, as tests see it. */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Acme } from './acme.ts';
import { image } from './image.ts';
import type { Ledger } from './ledger.ts';
import { plug } from './network.ts';
import { layer } from './layer.ts';
import type { LayerOptions } from './layer.ts';
import { extras, inArchive, pool, step, upgradesFolder } from './pool.ts';
import { boot } from './nspawn.ts';
import { RELEASES } from './images.ts';
import type { ReleaseName } from './images.ts';
import { dress } from './rootfs.ts';
import { must } from './programs.ts';
import type { UbuntuName } from './ubuntu.ts';
import { quote } from '../formats/text/shell-quote.ts';

export interface HostOptions {
  /** Default `bookworm`. */
  readonly release?: ReleaseName;
  /** Postfix, Dovecot and certbot as Debian installs them; else none of them, but apt can install them offline. */
  readonly mail?: boolean;
  /** The host says that it is this Ubuntu; `release` is the nearest Debian. */
  readonly ubuntu?: UbuntuName;
  /**
   * With `mail`: the packages that apt finds are those of this release, so that the host can be upgraded to it. Together with
   * `also`: apt finds those, and /srv/apt-next has the next release's.
   */
  readonly upgradeTo?: ReleaseName;
  /** The host will be upgraded more than once: see `offer`. */
  readonly upgrades?: boolean;
  /** With `mail`: these packages are what apt finds; /srv/apt-own has those that it would find without this. */
  readonly also?: readonly string[];
  /** With `mail`, in place of `also`: what is installed and removed before the host boots. */
  readonly with?: LayerOptions;
  /** Full name; made up when not given. Published in the lab's name server. */
  readonly name?: string;
  readonly users?: readonly HostUser[];
  /** Let fsync through to the disk: slower, for tests that are about it. */
  readonly sync?: boolean;
  /** Size of a disk of its own, which can be filled: `160M`. Default: as large as this machine's. */
  readonly disk?: string;
  /** Further preparation, once the host is up. */
  readonly setup?: (host: LabHost) => Promise<void>;
}

const UPGRADES = '/srv/upgrades';

/** A Unix user with a home and bash. The lab's key logs in as every one of them. */
export interface HostUser {
  readonly name: string;
  /** For PAM: IMAP, POP3, SMTP AUTH, sudo, and SSH with a password. */
  readonly password?: string;
  /** May run everything as root; `password`: after giving theirs. Default: may not. */
  readonly sudo?: 'passwordless' | 'password';
}

export interface LabHost {
  readonly name: string;
  readonly release: ReleaseName;
  /** IPv4 address; every port is reachable from this machine. */
  readonly address: string;
  /** Its network namespace, as `ip -netns` knows it. */
  readonly namespace: string;
  /** The port of sshd. */
  readonly port: number;
  /** Path of a private key that logs in as root and as every user made by `users`. */
  readonly identity: string;
  /** Path of a known_hosts file with the host's keys under its name and its address. */
  readonly knownHosts: string;
  /** Runs a shell command as root inside, not over SSH, and without the code under test. */
  exec(command: string, options?: { readonly input?: string | Uint8Array }): Promise<ExecResult>;
  /** The same, but a command that fails throws; gives its standard output. */
  run(command: string, options?: { readonly input?: string | Uint8Array }): Promise<string>;
  read(path: string): Promise<Buffer>;
  /** Writes a file in place (its inode stays), making folders as needed. `mode` in octal: `0644`. */
  write(path: string, bytes: string | Uint8Array, mode?: string): Promise<void>;
  /** Everything under /etc/postfix, /etc/dovecot and /etc/letsencrypt, for comparing before with after. */
  state(): Promise<State>;
  /** Boots again, keeping disk and address; `power-cut` without a word to the system. */
  reboot(how?: 'orderly' | 'power-cut'): Promise<void>;
  /** With `upgrades`: gives apt the packages that take the host as it is now from one release to the next. */
  offer(from: ReleaseName, to: ReleaseName): Promise<void>;
  stop(): Promise<void>;
}

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** By path. */
export type State = Readonly<Record<string, FileState>>;

export interface FileState {
  /** find's letter: f, d, l, p, s. */
  readonly type: string;
  readonly mode: string;
  readonly owner: string;
  /** Seconds since the epoch, with fraction. */
  readonly modified: string;
  /** Where a link leads, else empty. */
  readonly link: string;
  /** Hex digest of a file's bytes, else empty. */
  readonly sha256: string;
}

/** The parts that all hosts of one run share. */
export interface LabWorld {
  readonly ledger: Ledger;
  readonly acme: Acme;
  readonly resolver: string;
  readonly authority: string;
  readonly identity: string;
  readonly publicKey: string;
}

export async function startHost(world: LabWorld, n: number, address: string, options: HostOptions): Promise<LabHost> {
  const { ledger, acme, identity } = world;
  const { release = 'bookworm', mail = false, users = [], sync = false, disk } = options;
  const name = options.name ?? `mx${n}.hm-${n}.test`;
  const id = `hml${ledger.pid}-${n}`;
  const folder = join(ledger.folder, id);
  const { bare, mail: withMail, ...own } = await image(release);
  const { upgradeTo, ubuntu } = options;
  const also = options.with?.install ?? options.also;
  const over = options.with && (await layer(release, options.with));
  const later = options.with && upgradeTo !== undefined ? await inArchive(release, upgradeTo, over?.installed ?? []) : also; // oxfmt-ignore
  const [extra, next] = await Promise.all([
    over?.apt ?? (also ? extras(release, also) : null),
    upgradeTo === undefined ? null : pool(release, upgradeTo, later),
  ]);
  const apt = extra ?? next ?? own.apt;
  const tree = mail ? withMail : bare;
  if (disk !== undefined) {
    await mkdir(folder);
    await must('mount', ['-t', 'tmpfs', '-o', `mode=700,size=${disk}`, 'lab', folder]);
  }
  for (const part of ['upper', 'work', 'root']) await mkdir(join(folder, part), { recursive: true });
  const { resolver, authority, publicKey } = world;
  const [keys] = await Promise.all([
    dress(join(folder, 'upper'), tree, { name, resolver, authority, authorized: publicKey, ...(ubuntu && { ubuntu }) }),
    plug(ledger, id, address),
    acme.setA(name, address),
  ]);
  const knownHosts = join(folder, 'known_hosts');
  await writeFile(knownHosts, keys.map((key) => `${name},${address} ${key}\n`).join(''));
  const { upgrades = false } = options;
  if (upgrades) await mkdir(upgradesFolder(), { recursive: true });
  const sees = {
    ...(upgrades && { [UPGRADES]: upgradesFolder() }),
    ...(extra && { '/srv/apt-own': own.apt }),
    ...(extra && next && { '/srv/apt-next': next }),
  };
  // Earlier releases boot with the environment of later ones.
  const { env } = RELEASES[upgrades ? 'forky' : (upgradeTo ?? release)];
  const layers = over ? `${over.upper}:${tree}` : tree;
  const machine = await boot(ledger, { id, tree: layers, folder, apt, sees, env, sync });

  const exec: LabHost['exec'] = async (command, given) => {
    const { code, stdout, stderr } = await machine.exec(command, given);
    return { code, stdout: stdout.toString(), stderr: stderr.toString() };
  };
  const mustRun: LabHost['run'] = async (command, given) => {
    const { code, stdout, stderr } = await exec(command, given);
    if (code !== 0) throw new Error(`lab: on ${name}: ${command}\nended with ${code}: ${stderr || stdout}`);
    return stdout;
  };
  const host: LabHost = {
    ...{ name, release, address, namespace: id, port: 22, identity, knownHosts, exec, run: mustRun },
    async read(path) {
      const { code, stdout, stderr } = await machine.exec(`exec cat -- ${quote(path)}`);
      if (code !== 0) throw new Error(`lab: on ${name}: ${stderr.toString()}`);
      return stdout;
    },
    async write(path, bytes, mode) {
      const file = quote(path);
      const change = mode === undefined ? '' : ` && chmod ${mode} -- ${file}`;
      await mustRun(`mkdir -p -- "$(dirname -- ${file})" && cat >${file}${change}`, { input: bytes });
    },
    state: async () => parseState(await mustRun(STATE)),
    async offer(from, to) {
      const packages = await step(from, to, await mustRun('cat /var/lib/dpkg/status'));
      await mustRun(`echo 'deb [trusted=yes] file:${UPGRADES}/${packages} ./' >/etc/apt/sources.list`);
    },
    async reboot(how = 'orderly') {
      await machine.reboot(how);
    },
    async stop() {
      await machine.stop();
      if (disk !== undefined) await must('umount', ['--lazy', folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  if (users.length > 0) await mustRun(users.map((user) => addUser(user, publicKey)).join('\n'));
  await options.setup?.(host);
  return host;
}

function addUser({ name, password, sudo }: HostUser, publicKey: string): string {
  const user = quote(name);
  const rule = `${name} ALL=(ALL:ALL) ${sudo === 'passwordless' ? 'NOPASSWD: ' : ''}ALL`;
  return [
    `set -e; useradd --create-home --shell /bin/bash ${user}`,
    `install -d -m 700 -o ${user} -g ${user} /home/${user}/.ssh`,
    `echo ${quote(publicKey)} | install -m 600 -o ${user} -g ${user} /dev/stdin /home/${user}/.ssh/authorized_keys`,
    ...(password === undefined ? [] : [`echo ${quote(`${name}:${password}`)} | chpasswd`]),
    ...(sudo === undefined ? [] : [`echo ${quote(rule)} | install -m 440 /dev/stdin /etc/sudoers.d/${user}`]),
  ].join('\n');
}

/** One NUL-ended record for every file: six fields, or a digest and its path. */
const STATE = `
for folder in /etc/postfix /etc/dovecot /etc/letsencrypt; do
  [ -d "$folder" ] || continue
  find "$folder" -printf '%y|%m|%u:%g|%T@|%l|%p\\0'
  find "$folder" -type f -exec sha256sum -z -- {} +
done`;

function parseState(text: string): State {
  const state: Record<string, FileState> = {};
  for (const record of text.split('\0').filter(Boolean)) {
    const digest = /^([0-9a-f]{64}) [ *](.*)$/s.exec(record);
    if (digest) {
      const [, sha256 = '', path = ''] = digest;
      state[path] = { ...state[path]!, sha256 };
    } else {
      const [type = '', mode = '', owner = '', modified = '', link = '', ...path] = record.split('|');
      state[path.join('|')] = { type, mode, owner, modified, link, sha256: '' };
    }
  }
  return state;
}
