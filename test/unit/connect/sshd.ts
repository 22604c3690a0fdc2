/** A real sshd on a loopback port, for one test. It lives in a temporary folder and dies with `stop`. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../../src/model.ts';

const SSHD = '/usr/sbin/sshd';
export const hasSshd = existsSync(SSHD);

export interface Sshd {
  readonly port: number;
  readonly folder: string;
  /** A private key that the server accepts for the user who runs the test. */
  readonly key: string;
  /** A known_hosts file that knows the server. */
  readonly knownHosts: string;
  /** The server's process, for a test that kills it. */
  readonly pid: number;
  /** Public half of the server's key of this type. */
  hostKey(type: KeyType): string;
  host(more?: Partial<Host>): Host;
  log(): string;
  stop(): Promise<void>;
}

type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

/** @param config lines for sshd_config, before the defaults of the test */
export async function startSshd(config: readonly string[] = [], types: KeyType[] = ['ed25519']): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-sshd-'));
  const file = (name: string): string => join(folder, name);
  const port = await freePort();
  const keygen = (type: string, name: string): void => {
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', name, '-f', file(name)]);
  };
  for (const type of types) keygen(type, `host_${type}`);
  keygen('ed25519', 'user');
  writeFileSync(file('authorized_keys'), readFileSync(file('user.pub')));
  const hostKey = (type: string): string => readFileSync(file(`host_${type}.pub`), 'utf8').trim();
  writeFileSync(file('known_hosts'), `[127.0.0.1]:${port} ${hostKey('ed25519')}\n`);
  writeFileSync(
    file('sshd_config'),
    [
      ...config,
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      ...types.map((type) => `HostKey ${file(`host_${type}`)}`),
      `AuthorizedKeysFile ${file('authorized_keys')}`,
      `PidFile ${file('pid')}`,
      // bash reads ~/.bashrc for a command over SSH, but not at this depth: the tests do not depend on who runs them.
      'SetEnv SHLVL=2',
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      '',
    ].join('\n'),
  );
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const child = spawn(SSHD, ['-D', '-E', file('log'), '-f', file('sshd_config')], { stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  await answering(port);

  return {
    port,
    folder,
    key: file('user'),
    knownHosts: file('known_hosts'),
    pid: child.pid ?? 0,
    hostKey,
    host: (more) => ({
      name: 'loop',
      hostname: '127.0.0.1',
      port,
      user: userInfo().username,
      identity: file('user'),
      profile: 'standard',
      ...more,
    }),
    log: () => readFileSync(file('log'), 'utf8'),
    async stop() {
      child.kill();
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const ok = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (ok) return;
    await sleep(20);
  }
  throw new Error('sshd does not answer');
}
