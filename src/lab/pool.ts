/**
 * Packages for apt on a mail host, downloaded once and kept: those that take it to the next release, and others of its
 * own release.
 */

import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, image, sources } from './image.ts';
import { RELEASES } from './images.ts';
import type { ReleaseName } from './images.ts';
import { must, say, tied, withLock } from './programs.ts';
import { quote } from '../formats/text/shell-quote.ts';

/** Has the tree's own apt say what is needed, and fetch it; nothing in the tree itself changes. */
const fetching = (command: string): string => `
cd "$draft"
mkdir upper work root
mount -t overlay -o "lowerdir=$tree,upperdir=upper,workdir=work" lab root
mount --bind pool root/srv/apt
cp -L /etc/resolv.conf root/etc/resolv.conf
cp sources.list root/etc/apt/sources.list
cp apt.conf root/etc/apt/apt.conf.d/99lab
chroot root apt-get -q update
chroot root apt-get -q -y --download-only -o Dir::Cache::archives=/srv/apt ${command}
`;

/** Folder of packages with an index, for /srv/apt: what takes a mail host, with these packages, to the next release. */
export function pool(from: ReleaseName, to: ReleaseName, packages: readonly string[] = []): Promise<string> {
  const name = [`${from}-to-${to}`, ...(packages.length > 0 ? [`with-${digestOf(packages)}`] : [])].join('-');
  return fetched(name, from, to, ['full-upgrade', ...packages].join(' '));
}

/** A file's name takes 255 bytes. */
function digestOf(packages: readonly string[]): string {
  return createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12);
}

/** The same, of packages of its own release. */
export function extras(release: ReleaseName, packages: readonly string[]): Promise<string> {
  return fetched(`${release}-with-${packages.join('-')}`, release, release, `install ${packages.join(' ')}`);
}

async function fetched(name: string, from: ReleaseName, to: ReleaseName, command: string): Promise<string> {
  const { mail } = await image(from);
  const version = createHash('sha256')
    .update(JSON.stringify([mail, RELEASES[to], fetching(command)]))
    .digest('hex')
    .slice(0, 12);
  const home = join(cacheFolder(), `${name}-${version}`);
  const exists = () => stat(home).then(Boolean, () => false);
  await withLock(join(cacheFolder(), `${name}.lock`), async () => {
    if (await exists()) return;
    say(`fetching packages for ${name}; once`);
    const draft = join(cacheFolder(), `${name}.draft`);
    await rm(draft, { recursive: true, force: true });
    await mkdir(join(draft, 'pool', 'partial'), { recursive: true });
    await writeFile(join(draft, 'sources.list'), await sources(RELEASES[to]));
    await writeFile(join(draft, 'apt.conf'), RELEASES[to].aptOptions.map((option) => `${option};\n`).join(''));
    const script = `set -e\ndraft=${quote(draft)}\ntree=${quote(mail)}\n${fetching(command)}`;
    await must(...tied('sh', '-s'), { input: script });
    const folder = join(draft, 'pool');
    for (const name of ['partial', 'lock']) await rm(join(folder, name), { recursive: true, force: true });
    await writeFile(join(folder, 'Packages'), await must('apt-ftparchive', ['packages', '.'], { cwd: folder }));
    await rename(folder, home);
    await rm(draft, { recursive: true, force: true });
  });
  return home;
}
