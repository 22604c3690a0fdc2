/**
 * Real daemons of other Debian releases, without installing them: a package and all it depends on, libc included,
 * downloaded with apt and unpacked into a folder, and run there by chroot.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { updateLists } from '../../src/lab/requirements.ts';

const run = promisify(execFile);

/** Debian 11, 12, 13 and testing. */
export const RELEASES = ['bullseye', 'bookworm', 'trixie', 'forky'] as const;
export type Release = (typeof RELEASES)[number];

/** The upstream versions that these releases have. */
export const VERSIONS: Readonly<Record<Release, { readonly postfix: string; readonly dovecot: string }>> = {
  bullseye: { postfix: '3.5.25', dovecot: '2.3.13' },
  bookworm: { postfix: '3.7.11', dovecot: '2.3.19.1' },
  trixie: { postfix: '3.10.13', dovecot: '2.4.1' },
  forky: { postfix: '3.11.7', dovecot: '2.4.5' },
};

/** Dovecot's grammar of a release. */
export const grammarOf = (release: Release) => (VERSIONS[release].dovecot.startsWith('2.4') ? '2.4' : '2.3');

const pending = new Map<string, Promise<string>>();

/**
 * The folder with `packages` of a release unpacked in it. Made once, then kept in
 * `${XDG_CACHE_HOME:-~/.cache}/harden-mail/oracle/RELEASE/`; delete it to take up newer versions.
 */
export function oracleRoot(release: Release, packages: readonly string[]): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const root = join(cache, 'harden-mail', 'oracle', release, packages.join('+'));
  const made = pending.get(root) ?? make(root, release, packages);
  pending.set(root, made);
  return made;
}

async function make(root: string, release: Release, packages: readonly string[]): Promise<string> {
  if (await exists(root)) return root;
  await mkdir(dirname(root), { recursive: true });
  const work = await mkdtemp(`${root}.`);
  try {
    const apt = await privateApt(join(work, 'apt'), release);
    await apt('update');
    await apt('install', '--download-only', '--no-install-recommends', '--yes', ...packages);
    const tree = join(work, 'root');
    // Where the release has /lib and the like as links, packages may put files below either name.
    await mkdir(join(tree, 'tmp'), { recursive: true });
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
      await mkdir(join(tree, 'usr', name), { recursive: true });
      await symlink(`usr/${name}`, join(tree, name));
    }
    await run('sh', [
      '-ec',
      'for deb in "$1"/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -C "$2"; done',
      'unpack',
      join(work, 'apt', 'archives'),
      tree,
    ]);
    await rename(tree, root).catch(async (error: unknown) => {
      if (!(await exists(root))) throw error; // Another process was faster.
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return root;
}

/** apt with lists, status and archives of its own: it sees one release, and nothing as installed. */
async function privateApt(folder: string, release: Release) {
  const archives = join(folder, 'archives');
  await mkdir(join(archives, 'partial'), { recursive: true });
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await writeFile(join(folder, 'status'), '');
  await writeFile(join(folder, 'sources.list'), `deb ${await mirror()} ${release} main\n`);
  const options = {
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State': folder,
    'Dir::State::status': join(folder, 'status'),
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': folder,
    'Dir::Cache::archives': archives,
    'Acquire::Languages': 'none',
    'Acquire::Check-Valid-Until': 'false',
    'APT::Sandbox::User': '',
    'APT::Default-Release': '',
    'Debug::NoLocking': 'true',
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return (...args: string[]) => run('apt-get', ['-q', ...flags, ...args], { maxBuffer: 1 << 26 });
}

/** The Debian mirror that this machine itself uses. */
async function mirror(): Promise<string> {
  const known = await knownMirror();
  if (known !== undefined) return known;
  await updateLists();
  const found = await knownMirror();
  if (found === undefined) throw new Error('this machine has no Debian mirror in its apt configuration');
  return found;
}

async function knownMirror(): Promise<string | undefined> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI) $(LABEL)', 'Created-By: Packages']);
  const line = stdout.split('\n').find((line) => / Debian$/.test(line));
  return line?.split(' ')[0];
}

export interface Answer {
  readonly code: number;
  /** Bytes, one char each. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of an oracle's root in it; paths are as seen from within. Needs root, or user namespaces. */
export async function runIn(root: string, command: readonly string[]): Promise<Answer> {
  const enter = process.getuid?.() === 0 ? ['chroot', root] : ['unshare', '--map-root-user', 'chroot', root];
  const [program = '', ...args] = [...enter, ...command];
  try {
    const { stdout, stderr } = await run(program, args, {
      encoding: 'latin1',
      maxBuffer: 1 << 26,
      timeout: 550_000,
      env: { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    if (typeof code !== 'number') throw error;
    return { code, stdout, stderr };
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
