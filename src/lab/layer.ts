/** Trees with further packages installed: a layer over the image of a release, built once and kept beside it. */

import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { BUILD_NAME, cacheFolder, image } from './image.ts';
import type { ReleaseName } from './images.ts';
import { extras, inArchive } from './pool.ts';
import { must, say, tied, withLock } from './programs.ts';
import { quote } from '../formats/text/shell-quote.ts';

export interface LayerOptions {
  readonly install: readonly string[];
  readonly purge: readonly string[];
  /**
   * Groups of packages with their versions: a group is installed in these where the archive has all of it, else in the newest. Packages
   * that neither the image nor `install` has are none of the host's.
   */
  readonly versions?: readonly Versions[];
}

/** By the name of a package. */
type Versions = Readonly<Record<string, string>>;

/** Servers that a host starts when it wants them. */
const SERVERS = ['mariadb', 'postgresql', 'slapd', 'saslauthd'];

const BUILD = `
cd "$draft"
mkdir upper work root
mount -t overlay -o "lowerdir=$tree,upperdir=upper,workdir=work" lab root
mkdir -p root/srv/apt-own
mount --bind "$own" root/srv/apt-own
mount --bind "$extra" root/srv/apt
mount -t proc proc root/proc
printf '127.0.0.1 localhost\\n127.0.1.1 ${BUILD_NAME} build\\n' >root/etc/hosts
printf '#!/bin/sh\\nexit 101\\n' >root/usr/sbin/policy-rc.d
chmod 755 root/usr/sbin/policy-rc.d
hostname build
export DEBIAN_FRONTEND=noninteractive
echo 'deb [trusted=yes] file:/srv/apt-own ./' >>root/etc/apt/sources.list
chroot root apt-get -q update
[ -z "$install" ] || chroot root apt-get -q -y --allow-downgrades install $install
[ -z "$purge" ] || chroot root apt-get -q -y purge $purge
for unit in ${SERVERS.join(' ')}; do
  systemctl --root=root disable "$unit" 2>/dev/null || true
done
chroot root apt-get clean
rm root/usr/sbin/policy-rc.d root/etc/hosts
umount root/proc root/srv/apt root/srv/apt-own root
# What is gone from the draft is no deletion on the host.
rm -f upper/usr/sbin/policy-rc.d upper/etc/hosts
rm -rf work root
`;

export interface Layer {
  /** The folder of the layer, to be mounted over the image of its release. */
  readonly upper: string;
  /** Packages for /srv/apt. */
  readonly apt: string;
  /** Those of the packages that the archive has. */
  readonly installed: readonly string[];
}

/** apt on a host with this layer finds the packages of the layer in /srv/apt, and those of its image in /srv/apt-own. */
export async function layer(release: ReleaseName, { install, purge, versions = [] }: LayerOptions): Promise<Layer> {
  const { mail } = await image(release);
  const present = await inArchive(release, release, install);
  const newest = (): Promise<Layer> => built(release, present, present, purge);
  const ofImage = await versionsIn(mail);
  let older = versions.filter((group) => differs(group, ofImage));
  if (older.length === 0) {
    // The archive may have newer packages than the image.
    const made = await newest();
    const installed = await versionsIn(made.upper).catch(() => ofImage);
    older = versions.filter((group) => differs(group, installed));
    if (older.length === 0) return made;
  }
  const found = await Promise.all(versions.map((group) => wholeGroup(release, group)));
  if (!versions.some((group, index) => older.includes(group) && found[index]?.length)) return newest();
  const known = found.flat();
  const names = new Set(known.map((one) => one.replace(/=.*/, '')));
  const exact = [...present.filter((name) => !names.has(name)), ...known, ...purge.map((name) => `${name}-`)];
  return built(release, exact, present, purge).catch(newest);
}

/** `NAME=VERSION` of each package of the group; none if the archive lacks one of them. */
async function wholeGroup(release: ReleaseName, group: Versions): Promise<string[]> {
  const wanted = Object.entries(group).map(([name, version]) => `${name}=${version}`);
  const known = await inArchive(release, release, wanted);
  return known.length === wanted.length ? wanted : [];
}

function differs(group: Versions, installed: Versions): boolean {
  return Object.entries(group).some(([name, version]) => installed[name] !== undefined && installed[name] !== version);
}

/** The packages of a tree that are installed. */
async function versionsIn(tree: string): Promise<Versions> {
  const text = await readFile(join(tree, 'var/lib/dpkg/status'), 'utf8');
  const field = (paragraph: string, name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1] ?? ''; // oxfmt-ignore
  const there = text.split('\n\n').filter((one) => field(one, 'Status').endsWith(' installed'));
  return Object.fromEntries(there.map((one) => [field(one, 'Package'), field(one, 'Version')]));
}

/** @param install in apt's words @param installed their names */
async function built(
  release: ReleaseName,
  install: readonly string[],
  installed: readonly string[],
  purge: readonly string[],
): Promise<Layer> {
  const { mail, apt: own } = await image(release);
  const apt = install.length > 0 ? await extras(release, install) : own;
  const digest = createHash('sha256')
    .update(JSON.stringify([mail, apt, purge, BUILD]))
    .digest('hex')
    .slice(0, 12);
  const home = join(cacheFolder(), 'layers', `${release}-${digest}`);
  const exists = () => stat(home).then(Boolean, () => false);
  const made = { upper: join(home, 'upper'), apt, installed };
  if (await exists()) return made;
  await mkdir(join(cacheFolder(), 'layers'), { recursive: true });
  await withLock(`${home}.lock`, async () => {
    if (await exists()) return;
    say(`installing ${install.join(' ')} for hosts of ${release}; once`);
    const draft = `${home}.draft`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft);
    const values = { draft, tree: mail, own, extra: apt, install: install.join(' '), purge: purge.join(' ') };
    const head = Object.entries(values).map(([name, value]) => `${name}=${quote(value)}`);
    const [program, args] = tied('unshare', '--uts', 'sh', '-s');
    await must(program, args, { input: ['set -e', ...head, BUILD].join('\n') });
    await rename(draft, home);
  });
  return made;
}
