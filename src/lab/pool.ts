/**
 * Packages for apt on a mail host, downloaded once and kept: those that take it to the next release, and others of its
 * own release.
 */

import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder, image, sources } from './image.ts';
import { RELEASES } from './images.ts';
import type { ReleaseName } from './images.ts';
import { must, say, tied, withLock } from './programs.ts';
import { quote } from '../formats/text/shell-quote.ts';

/** Opens the tree in "root" as apt of another release sees it; nothing in the tree itself changes. */
const opening = (pool: string): string => `
cd "$draft"
mkdir upper work root
mount -t overlay -o "lowerdir=$tree,upperdir=upper,workdir=work" lab root
mount --bind ${pool} root/srv/apt
cp -L /etc/resolv.conf root/etc/resolv.conf
cp sources.list root/etc/apt/sources.list
cp apt.conf root/etc/apt/apt.conf.d/99lab
chroot root apt-get -q update
`;

/** Has the tree's own apt say what is needed, and fetch it. */
const fetching = (command: string): string =>
  `${opening('pool')}chroot root apt-get -q -y --download-only -o Dir::Cache::archives=/srv/apt ${command}\n`;

/** The same for a host with these packages. All hosts of a release share what was fetched; "pool" has links to a host's own part. */
const STEP = `
mkdir -p "$store/partial"
${opening('"$store"')}
cp status root/var/lib/dpkg/status
chroot root apt-get -q -y --download-only -o Dir::Cache::archives=/srv/apt full-upgrade
chroot root apt-get -q -s full-upgrade | sed -n 's/^Inst \\([^ ]*\\) \\(\\[[^]]*\\] \\)\\{0,1\\}(\\([^ ]*\\) [^[]*\\[\\([^]]*\\)\\].*/\\1_\\3_\\4.deb/p' | sed 's/:/%3a/' >wanted
while read -r deb; do ln "$store/$deb" pool/; done <wanted
`;

/** Folder of packages with an index, for /srv/apt: what takes a mail host, with these packages, to the next release. */
export function pool(from: ReleaseName, to: ReleaseName, packages: readonly string[] = []): Promise<string> {
  const name = [`${from}-to-${to}`, ...(packages.length > 0 ? [`with-${digestOf(packages)}`] : [])].join('-');
  return fetched(name, from, to, ['full-upgrade', ...packages].join(' '));
}

/** Those of these packages that the archive of a release has, as a host of another one asks it. Asked once, and kept. */
export async function inArchive(from: ReleaseName, of: ReleaseName, packages: readonly string[]): Promise<string[]> {
  if (packages.length === 0) return [];
  const { mail } = await image(from);
  const home = join(cacheFolder(), 'archives', `${of}-${digest([mail, RELEASES[of], packages])}`);
  const known = () => readFile(join(home, 'known'), 'utf8').then((text) => text.split('\n').filter(Boolean));
  return known().catch(async () => {
    const name = `known-${of}-${digestOf(packages)}`;
    await make(home, name, from, of, `${opening('pool')}for name in ${packages.map(quote).join(' ')}; do chroot root apt-cache show "$name" >/dev/null 2>&1 && echo "$name" >>pool/known; done; touch pool/known\n`); // oxfmt-ignore
    return known();
  });
}

/** A file's name takes 255 bytes. */
function digestOf(packages: readonly string[]): string {
  return createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12);
}

/** The same, of packages of its own release: `NAME`, `NAME=VERSION`, or `NAME-` for one that is to be removed. */
export function extras(release: ReleaseName, packages: readonly string[]): Promise<string> {
  const names = packages.join('-');
  const isExact = names.includes('=');
  const name = `${release}-with-${names.length < 100 && !isExact ? names : digestOf(packages)}`;
  return fetched(name, release, release, `install ${isExact ? '--allow-downgrades ' : ''}${packages.join(' ')}`);
}

/** Where `step` keeps its folders: hosts that are upgraded see it as /srv/upgrades. */
export const upgradesFolder = (): string => join(cacheFolder(), 'upgrades');

/** The same, of packages that take a host from one release to the next. Gives the name of a folder below `upgradesFolder`. */
export async function step(from: ReleaseName, to: ReleaseName, status: string): Promise<string> {
  // The versions and states of all packages.
  const installed = status.match(/^(Package|Status|Version): .*$/gm) ?? [];
  const version = digest([installed, RELEASES[to], STEP]);
  const name = `${from}-to-${to}-${version}`;
  await make(join(upgradesFolder(), name), `upgrade-to-${to}`, from, to, STEP, status);
  return name;
}

const digest = (what: unknown): string => createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 12);

async function fetched(name: string, from: ReleaseName, to: ReleaseName, command: string): Promise<string> {
  const { mail } = await image(from);
  const home = join(cacheFolder(), `${name}-${digest([mail, RELEASES[to], fetching(command)])}`);
  await make(home, name, from, to, fetching(command));
  return home;
}

async function make(home: string, name: string, from: ReleaseName, to: ReleaseName, fetch: string, status = '') {
  const { mail } = await image(from);
  const exists = () => stat(home).then(Boolean, () => false);
  await mkdir(dirname(home), { recursive: true });
  await withLock(join(cacheFolder(), `${name}.lock`), async () => {
    if (await exists()) return;
    say(`fetching packages for ${name}; once`);
    const draft = join(cacheFolder(), `${name}.draft`);
    await rm(draft, { recursive: true, force: true });
    await mkdir(join(draft, 'pool', 'partial'), { recursive: true });
    await writeFile(join(draft, 'sources.list'), await sources(RELEASES[to]));
    await writeFile(join(draft, 'apt.conf'), RELEASES[to].aptOptions.map((option) => `${option};\n`).join(''));
    await writeFile(join(draft, 'status'), status);
    const store = join(upgradesFolder(), `all-of-${to}`);
    const script = `set -e\ndraft=${quote(draft)}\ntree=${quote(mail)}\nstore=${quote(store)}\n${fetch}`;
    await must(...tied('sh', '-s'), { input: script });
    const folder = join(draft, 'pool');
    for (const name of ['partial', 'lock']) await rm(join(folder, name), { recursive: true, force: true });
    await writeFile(join(folder, 'Packages'), await must('apt-ftparchive', ['packages', '.'], { cwd: folder }));
    await rename(folder, home);
    await rm(draft, { recursive: true, force: true });
  });
  return home;
}
