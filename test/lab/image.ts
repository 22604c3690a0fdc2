/**
 * The root file systems that hosts are made from, built once and kept in the cache folder: a Debian with sshd, a layer
 * on it with the mail packages as they come, and a folder from which apt installs them without a network.
 */

import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { arch, homedir } from 'node:os';
import { join } from 'node:path';
import { RELEASES } from './releases.ts';
import type { Release, ReleaseName } from './releases.ts';
import { must, quote, say, tied, withLock } from './sh.ts';

export interface Image {
  /** Overlay layers, uppermost first. */
  readonly bare: readonly string[];
  readonly mail: readonly string[];
  /** Folder of packages with an index, for /srv/apt. */
  readonly apt: string;
}

export const cacheFolder = (): string =>
  process.env['HARDEN_MAIL_LAB_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'harden-mail', 'lab');

/** What a small Debian server has, for as far as this project can tell the difference. */
const BASE = [
  ...['systemd', 'systemd-sysv', 'libpam-systemd', 'dbus', 'openssh-server', 'iproute2', 'ca-certificates', 'sudo'],
  ...['procps', 'netbase', 'nftables', 'apt-utils', 'debconf-utils', 'cron', 'less'],
];
const MAIL = ['postfix', 'dovecot-imapd', 'dovecot-pop3d', 'certbot'];

/** The full name under which the mail packages are installed; each host puts its own in its place. */
export const BUILD_DOMAIN = 'lab.invalid';
export const BUILD_NAME = `build.${BUILD_DOMAIN}`;

/** Run in the base tree before it is kept. Everything that must differ from host to host goes; hosts bring their own. */
const TIDY = `
rm -f /etc/apt/sources.list.d/* /etc/ssh/ssh_host_* /etc/machine-id /etc/hostname /etc/hosts /etc/resolv.conf
mkdir -p /srv/apt
echo 'deb [trusted=yes] file:/srv/apt ./' >/etc/apt/sources.list
# a timer that takes apt's lock at a random moment makes random tests
ln -sf /dev/null /etc/systemd/system/apt-daily.timer
ln -sf /dev/null /etc/systemd/system/apt-daily-upgrade.timer
apt-get -q update
`;

const PRESEED = `
postfix postfix/main_mailer_type select Internet Site
postfix postfix/mailname string ${BUILD_NAME}
`;

/** Installs the mail packages in the tree as a host would, with its own name and without starting anything. */
const INSTALL = `
mount -t proc proc "$tree/proc"
printf '127.0.0.1 localhost\\n127.0.1.1 ${BUILD_NAME} build\\n' >"$tree/etc/hosts"
printf 'build\\n' >"$tree/etc/hostname"
printf '#!/bin/sh\\nexit 101\\n' >"$tree/usr/sbin/policy-rc.d"
chmod 755 "$tree/usr/sbin/policy-rc.d"
hostname build
export DEBIAN_FRONTEND=noninteractive
chroot "$tree" debconf-set-selections <<'END'
${PRESEED}
END
chroot "$tree" apt-get -q -y install ${MAIL.join(' ')}
rm "$tree/usr/sbin/policy-rc.d" "$tree/etc/hosts" "$tree/etc/hostname"
chroot "$tree" apt-get clean
`;

const version = createHash('sha256')
  .update(JSON.stringify([BASE, MAIL, TIDY, INSTALL]))
  .digest('hex')
  .slice(0, 12);

/** The trees of a release; builds them when they are not in the cache, while other runs wait. */
export async function image(name: ReleaseName): Promise<Image> {
  const cache = cacheFolder();
  const home = join(cache, `${name}-${arch()}-${version}`);
  const made = { bare: [join(home, 'base')], mail: [join(home, 'mail'), join(home, 'base')], apt: join(home, 'apt') };
  const exists = () => stat(home).then(Boolean, () => false);
  if (await exists()) return made;
  await mkdir(cache, { recursive: true });
  const wait = () => say(`another run is building ${name}, waiting for it`);
  await withLock(
    join(cache, `${name}.lock`),
    async () => {
      if (await exists()) return;
      const draft = join(cache, `${name}.draft`);
      await rm(draft, { recursive: true, force: true });
      const start = Date.now();
      say(`building Debian ${name} in ${cache}; this takes a few minutes, once`);
      await build(name, draft);
      await rename(draft, home);
      say(`built Debian ${name} in ${Math.round((Date.now() - start) / 1000)} s`);
    },
    wait,
  );
  return made;
}

async function build(name: ReleaseName, home: string): Promise<void> {
  const release: Release = RELEASES[name];
  const [base, mail, apt, tree] = ['base', 'mail', 'apt', 'tree'].map((part) => join(home, part)) as [
    string,
    string,
    string,
    string,
  ];
  await mkdir(join(apt, 'partial'), { recursive: true });
  await must(...tied('mmdebstrap', ...debstrap(release, base, apt)), { input: await sources(release) });
  await rm(join(apt, 'partial'), { recursive: true });
  await rm(join(apt, 'lock'), { force: true });
  await writeFile(join(apt, 'Packages'), await must('apt-ftparchive', ['packages', '.'], { cwd: apt }));
  await inTree(`mount --bind "${base}" "$tree"`, `chroot "$tree" sh -ec ${quote(TIDY)}`, tree, apt);
  await mkdir(mail);
  await mkdir(join(home, 'work'));
  const layers = `lowerdir=${base},upperdir=${mail},workdir=${join(home, 'work')}`;
  await inTree(`mount -t overlay overlay -o ${layers} "$tree"`, INSTALL, tree, apt);
  await rm(join(home, 'work'), { recursive: true });
  await rm(tree, { recursive: true });
}

/** Runs a script as root of this machine, with the tree mounted at `$tree` for as long as it runs. */
async function inTree(mount: string, script: string, tree: string, apt: string): Promise<void> {
  await mkdir(tree, { recursive: true });
  const all = `set -e\ntree=${tree}\n${mount}\nmount --bind "${apt}" "$tree/srv/apt"\n${script}`;
  await must(...tied('unshare', '--uts', 'sh', '-s'), { input: all });
}

function debstrap(release: Release, base: string, apt: string): string[] {
  const fetch = `apt-get -y -o APT::Install-Recommends=true -o Dir::Cache::archives="${apt}" --download-only install`;
  const options = release.aptOptions.map((option) => `--aptopt=${option}`);
  return [
    ...['--quiet', '--mode=root', '--format=directory', '--variant=minbase', '--dpkgopt=force-unsafe-io'],
    ...options,
    `--include=${BASE.join(',')}`,
    `--customize-hook=mkdir -p "$1/srv/apt"; APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" ${fetch} ${MAIL.join(' ')} >&2`,
    ...[release.suites[0] ?? '', base, '-'],
  ];
}

/** apt sources of a release, on the mirrors that this machine's own apt is set up to use. */
async function sources(release: Release): Promise<string> {
  const wanted = '$(CODENAME)|$(COMPONENT)|$(REPO_URI)';
  const os = await readFile('/etc/os-release', 'utf8');
  const own = /^VERSION_CODENAME="?(\w+)/m.exec(os)?.[1] ?? '';
  const targets = await must('apt-get', ['indextargets', '--format', wanted, 'Created-By: Packages']);
  const rows = targets.split('\n').map((line) => line.split('|'));
  const mirror = (suite: string) => rows.find(([name, component]) => name === suite && component === 'main')?.[2];
  const line = (uri: string, suite: string) =>
    `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${uri} ${suite} main`;
  const main = mirror(own);
  if (!main)
    throw new Error(`lab: this machine's apt has no source for Debian ${own}; the lab builds its hosts from it`);
  const security = release.security && mirror(`${own}-security`);
  const lines = release.suites.map((suite) => line(main, suite));
  return [...lines, ...(security && release.security ? [line(security, release.security)] : [])].join('\n') + '\n';
}
