/** What the machine that runs the tests must have, and installing what it lacks. */

import { readFileSync } from 'node:fs';
import { must, run, say } from './sh.ts';

/** Programs that the lab and the host tests use, and the Debian packages they come in. */
const PROGRAMS = {
  mmdebstrap: 'mmdebstrap',
  'systemd-nspawn': 'systemd-container',
  pebble: 'pebble',
  'apt-ftparchive': 'apt-utils',
  ip: 'iproute2',
  ssh: 'openssh-client',
  openssl: 'openssl',
  swaks: 'swaks',
  curl: 'curl',
};
/** Without a program of their own: the keys of Debian's archive; TLS for swaks. */
const LIBRARIES = ['debian-archive-keyring', 'libnet-ssleay-perl'];

export type Availability = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Can hosts be booted here? */
export async function available(): Promise<Availability> {
  const no = (reason: string) => ({ ok: false, reason }) as const;
  if (process.platform !== 'linux') return no(`hosts are booted on Linux, this is ${process.platform}`);
  if (process.getuid?.() !== 0) return no('hosts are booted by root; run the tests as root');
  const os = readFileSync('/etc/os-release', 'latin1');
  if (!/^ID="?debian"?$/m.test(os)) return no('hosts are built with the Debian packages of this machine, it has none');
  const { code } = await run('unshare', ['--mount', '--net', '--pid', '--fork', 'true']);
  if (code !== 0) return no('this machine does not let root make namespaces (a container without privileges?)');
  return { ok: true };
}

/** Installs what is missing, and says so. */
export async function prepareMachine(): Promise<void> {
  const missing: string[] = [];
  for (const [program, name] of Object.entries(PROGRAMS))
    if ((await run('sh', ['-c', `command -v ${program}`])).code !== 0) missing.push(name);
  for (const name of LIBRARIES) if ((await run('dpkg', ['-s', name])).code !== 0) missing.push(name);
  if (missing.length === 0) return;
  say(`installing on this machine, for its test hosts: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await must('apt-get', ['-q', 'update'], { env });
  await must('apt-get', ['-q', '-y', '--no-install-recommends', 'install', ...missing], { env });
}
