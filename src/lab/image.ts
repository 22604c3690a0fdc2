/**
 * The root file systems that hosts are made from, built once and kept in the cache folder: a Debian with sshd, the same
 * with the mail packages as they come, and a folder from which apt installs them without a network.
 */

import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { arch, homedir } from 'node:os';
import { join } from 'node:path';
import { RELEASES } from './images.ts';
import type { Release, ReleaseName } from './images.ts';
import { must, say, tied, withLock } from './programs.ts';
import { quote } from '../formats/text/shell-quote.ts';

export interface Image {
  /** Plain trees; hosts never write to them. */
  readonly bare: string;
  readonly mail: string;
  /** Folder of packages with an index, for /srv/apt. */
  readonly apt: string;
}

export const cacheFolder = (): string =>
  process.env['HARDEN_MAIL_LAB_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'harden-mail', 'lab');

/** The packages of a small Debian server, as far as this project can tell the difference. */
const BASE = [
  ...['systemd', 'systemd-sysv', 'libpam-systemd', 'dbus', 'openssh-server', 'iproute2', 'ca-certificates', 'sudo'],
  ...['procps', 'netbase', 'nftables', 'apt-utils', 'cron', 'less'],
];
const MAIL = ['postfix', 'dovecot-imapd', 'dovecot-pop3d', 'certbot'];

/** The full name under which the mail packages are installed; each host puts its own in its place. */
export const BUILD_DOMAIN = 'lab.invalid';
export const BUILD_NAME = `build.${BUILD_DOMAIN}`;

/**
 * Run in the base tree before it is kept. Everything that must differ from host to host goes; hosts bring their own. Of
 * Mozilla's 140 authorities Let's Encrypt's is left, as an admin would choose with dpkg-reconfigure: Postfix copies all
 * of them into its chroot at each start, and compares the copies at each check.
 */
const TIDY = `
cd "$tree/etc"
rm -f apt/sources.list.d/* ssh/ssh_host_* machine-id hostname hosts resolv.conf
echo 'deb [trusted=yes] file:/srv/apt ./' >apt/sources.list
# a timer that takes apt's lock at a random moment makes random tests
ln -s /dev/null systemd/system/apt-daily.timer
ln -s /dev/null systemd/system/apt-daily-upgrade.timer
sed -i '/ISRG_Root_X1/!s/^mozilla/!mozilla/' ca-certificates.conf
chroot "$tree" update-ca-certificates --fresh
chroot "$tree" apt-get -q update
`;

const PRESEED = `
postfix postfix/main_mailer_type select Internet Site
postfix postfix/mailname string ${BUILD_NAME}
`;

/** Installs the mail packages in a tree as a host would, with its own name and without starting anything. */
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
find "$tree/etc/ssl/certs" -lname ssl-cert-snakeoil.pem -delete
chroot "$tree" apt-get clean
`;

/** The trees of a release; builds them when they are not in the cache, while other runs wait. */
export async function image(name: ReleaseName): Promise<Image> {
  const cache = cacheFolder();
  const recipe = JSON.stringify([RELEASES[name], debstrap(RELEASES[name], '', ''), TIDY, INSTALL]);
  const version = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  const home = join(cache, `${name}-${arch()}-${version}`);
  const made = { bare: join(home, 'bare'), mail: join(home, 'mail'), apt: join(home, 'apt') };
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
  const [bare, mail, apt] = [join(home, 'bare'), join(home, 'mail'), join(home, 'apt')];
  await mkdir(join(apt, 'partial'), { recursive: true });
  await must(...tied('mmdebstrap', ...debstrap(release, bare, apt)), { input: await sources(release) });
  await rm(join(apt, 'partial'), { recursive: true });
  await rm(join(apt, 'lock'), { force: true });
  await writeFile(join(apt, 'Packages'), await must('apt-ftparchive', ['packages', '.'], { cwd: apt }));
  await inTree(bare, apt, TIDY);
  await must('cp', ['-a', '--reflink=auto', bare, mail]);
  await inTree(mail, apt, INSTALL);
}

/** Runs a script as root of this machine, with the tree's path in `$tree` and the packages in their place in it. */
async function inTree(tree: string, apt: string, script: string): Promise<void> {
  const all = `set -e\ntree=${quote(tree)}\nmount --bind ${quote(apt)} "$tree/srv/apt"\n${script}`;
  await must(...tied('unshare', '--uts', 'sh', '-s'), { input: all });
}

const MERGE = 'for dir in bin sbin lib lib32 lib64 libx32; do mkdir -p "$1/usr/$dir"; ln -s "usr/$dir" "$1/$dir"; done';

function debstrap(release: Release, base: string, apt: string): string[] {
  const fetch = `apt-get -y -o APT::Install-Recommends=true -o Dir::Cache::archives="${apt}" --download-only install`;
  const options = release.aptOptions.map((option) => `--aptopt=${option}`);
  // Debian's installer has merged /bin into /usr/bin since 10, its packages only since 12; the upgrade to 12 that does it
  // to a running system refuses to on an overlay.
  const merged = release.suites[0] === 'bullseye' ? [`--setup-hook=${MERGE}`] : [];
  return [
    ...['--quiet', '--mode=root', '--format=directory', '--variant=minbase', '--dpkgopt=force-unsafe-io'],
    ...options,
    ...merged,
    `--include=${BASE.join(',')}`,
    `--customize-hook=mkdir -p "$1/srv/apt"; APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" ${fetch} ${MAIL.join(' ')} >&2`,
    ...[release.suites[0] ?? '', base, '-'],
  ];
}

/** apt sources of a release, on the mirrors that this machine's own apt is set up to use. */
export async function sources(release: Release): Promise<string> {
  const os = await readFile('/etc/os-release', 'utf8');
  const own = /^VERSION_CODENAME="?(\w+)/m.exec(os)?.[1] ?? '';
  const format = ['--format', '$(CODENAME)|$(COMPONENT)|$(REPO_URI)', 'Created-By: Packages'];
  const targets = () => must('apt-get', ['indextargets', ...format]);
  let text = await targets();
  if (text === '') {
    await must('apt-get', ['-q', 'update']); // it names no target whose index it has not fetched
    text = await targets();
  }
  const rows = text.split('\n').map((row) => row.split('|'));
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
