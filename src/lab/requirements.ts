/** Checks that this machine can run hosts, and installs the missing packages. */

import { readFileSync, writeFileSync } from 'node:fs';
import { must, runProgram, say, withLock } from './programs.ts';

/** Debian packages that boot hosts. */
export const ENGINE: readonly string[] = [
  ...['mmdebstrap', 'debian-archive-keyring', 'apt-utils', 'systemd-container', 'iproute2', 'pebble'],
  ...['openssh-client', 'openssl'],
];

/** With those that the tests use; libnet-ssleay-perl is swaks' TLS, the last line is shells to be tried. */
const PACKAGES = [
  ...ENGINE,
  ...['curl', 'swaks', 'libnet-ssleay-perl', 'mutt', 'isync', 'ansible-core'],
  ...['shellcheck', 'busybox', 'zsh', 'fish', 'tcsh'],
];

export type Availability = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export const NO_DEBIAN = 'hosts are built with the Debian packages of the machine that boots them, and it has none';
export const NO_NAMESPACES = 'it does not let root make namespaces (a container without privileges?)';

/** Can hosts be booted here? */
export async function available(): Promise<Availability> {
  const no = (reason: string) => ({ ok: false, reason }) as const;
  if (process.platform !== 'linux') return no(`hosts are booted on Linux, this is ${process.platform}`);
  if (process.getuid?.() !== 0) return no('hosts are booted by root; run this as root');
  const os = readFileSync('/etc/os-release', 'latin1');
  if (!/^ID="?debian"?$/m.test(os)) return no(NO_DEBIAN);
  const { code } = await runProgram('unshare', ['--mount', '--net', '--pid', '--fork', 'true']);
  if (code !== 0) return no(NO_NAMESPACES);
  return { ok: true };
}

/**
 * Installs what is missing of these packages, and says so. Test files run side by side, so all but the first find it there.
 */
export async function prepareMachine(packages: readonly string[] = PACKAGES): Promise<void> {
  if ((await missing(packages)).length === 0) return;
  await withApt(async (env) => {
    const wanted = await missing(packages);
    if (wanted.length === 0) return;
    say(`installing on this machine, for its tests: ${wanted.join(' ')}`);
    await must('apt-get', ['-q', 'update'], { env });
    const options = ['-q', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
    await must('apt-get', [...options, 'install', ...wanted], { env });
  });
}

const WATCHERS = '/proc/sys/fs/inotify/max_user_instances';

/** The systemd of a host keeps half a dozen watchers, and all hosts count as one user, who may have 128 by default. */
export function allowWatchers(): void {
  if (Number(readFileSync(WATCHERS, 'latin1')) >= 1024) return;
  say('letting this machine have 1024 inotify instances for a user, for twenty hosts at a time');
  writeFileSync(WATCHERS, '1024\n');
}

/** Has apt learn what its mirrors have. */
export const updateLists = (): Promise<string> => withApt((env) => must('apt-get', ['-q', 'update'], { env }));

/** apt-get update does not wait for another one, it fails; so here one waits for the other. */
function withApt<T>(work: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
  return withLock('/run/lock/harden-mail-apt', () => work({ ...process.env, DEBIAN_FRONTEND: 'noninteractive' }));
}

export async function missing(packages: readonly string[]): Promise<string[]> {
  const { stdout } = await runProgram('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n', ...packages]);
  const there = stdout.toString().split('\n');
  return packages.filter((name) => !there.includes(`installed ${name}`));
}
