/** OpenSSH servers for one test, each with its own configuration, keys and port, side by side on one host of the lab. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../../src/model/index.ts';
import { lab } from '../../../src/lab/lab.ts';
import type { LabHost } from '../../../src/lab/lab.ts';

type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

export interface Sshd {
  readonly address: string;
  readonly port: number;
  /** `[address]:port`, as known_hosts has it. */
  readonly entry: string;
  /** A folder on this machine, gone after `stop`. */
  readonly folder: string;
  /** A private key that the server accepts for root. */
  readonly key: string;
  /** A known_hosts file that knows the server by its Ed25519 key. */
  readonly knownHosts: string;
  /** Public half of the server's key of this type. */
  hostKey(type: KeyType): string;
  /** Lets one more public key in. */
  authorize(publicKey: string): Promise<void>;
  host(more?: Partial<Host>): Host;
  log(): Promise<string>;
  stop(): Promise<void>;
}

let shared: Promise<LabHost> | undefined;
let count = 0;

/** The host that all of them run on. It goes with the lab of its file; the next file in this process gets a new one. */
function sshHost(): Promise<LabHost> {
  const alive = shared?.then(async (host) => {
    await host.exec('true');
    return host;
  });
  shared = alive?.catch(() => lab.host()) ?? lab.host();
  return shared;
}

export function keygen(path: string, type: string, passphrase = '', ...more: string[]): string {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-a', '1', '-N', passphrase, '-C', 'test', '-f', path, ...more]);
  return readFileSync(`${path}.pub`, 'utf8').trim();
}

/** @param config lines for sshd_config, before those of the test */
export async function startSshd(config: readonly string[] = [], types: KeyType[] = ['ed25519']): Promise<Sshd> {
  const lab = await sshHost();
  const { address } = lab;
  const port = 20_000 + (count += 1);
  const there = `/srv/sshd-${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-sshd-'));
  const key = join(folder, 'user');
  await lab.write(`${there}/authorized_keys`, `${keygen(key, 'ed25519')}\n`, '0600');
  await lab.write(
    `${there}/config`,
    [
      ...config,
      `Port ${port}`,
      ...types.map((type) => `HostKey ${there}/${type}`),
      `AuthorizedKeysFile ${there}/authorized_keys`,
      `PidFile ${there}/pid`,
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      '',
    ].join('\n'),
  );
  const make = types.map((type) => `ssh-keygen -q -t ${type} -N '' -f ${there}/${type} && cat ${there}/${type}.pub`);
  const keys = (await lab.run(`${make.join(' && ')} && /usr/sbin/sshd -E ${there}/log -f ${there}/config`)).split('\n');
  const hostKey = (type: KeyType): string => keys[types.indexOf(type)]?.trim() ?? '';
  const knownHosts = join(folder, 'known_hosts');
  writeFileSync(knownHosts, `[${address}]:${port} ${hostKey(types[0] ?? 'ed25519')}\n`);
  while ((await lab.exec(`test -s ${there}/pid`)).code !== 0) await sleep(20);

  return {
    ...{ address, port, entry: `[${address}]:${port}`, folder, key, knownHosts, hostKey },
    host: (more) => ({
      name: 'box',
      hostname: address,
      port,
      user: 'root',
      identity: key,
      profile: 'standard',
      ...more,
    }),
    authorize: async (publicKey) => {
      await lab.run(`cat >>${there}/authorized_keys`, { input: `${publicKey}\n` });
    },
    log: () => lab.run(`cat ${there}/log`),
    async stop() {
      // A server that is being killed may still write its log there.
      await lab.run(
        `read -r pid <${there}/pid; kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.05; done; rm -rf ${there} || rm -rf ${there}`,
      );
      rmSync(folder, { recursive: true });
    },
  };
}
