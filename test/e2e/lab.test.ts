import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { Socket } from 'node:net';
import { cacheFolder } from '../../src/lab/image.ts';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { hierarchies } from '../../src/lab/ledger.ts';
import { runProgram } from '../../src/lab/programs.ts';

const ssh = (host: LabHost, user: string, command: string) => {
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${host.knownHosts}`];
  const flags = options.flatMap((option) => ['-o', option]);
  return runProgram('ssh', ['-F', 'none', '-i', host.identity, ...flags, `${user}@${host.address}`, command]);
};

/** Sends one line when the server has greeted; gives the greeting and the answer's last line. */
async function talk(socket: Socket, send?: string): Promise<string[]> {
  const lines = createInterface(socket)[Symbol.asyncIterator]();
  const seen = [(await lines.next()).value as string];
  if (send !== undefined) {
    socket.write(`${send}\r\n`);
    do seen[1] = (await lines.next()).value as string;
    while (seen[1]?.startsWith('* '));
  }
  socket.destroy();
  return seen;
}

const certbot = (directory: string, name: string) =>
  `certbot certonly --standalone -n --agree-tos --register-unsafely-without-email --server ${directory} -d ${name}`;

describe('a mail host of the lab', () => {
  let host: LabHost;
  before(async () => {
    const users = [
      { name: 'alice', password: 'wonder land' },
      { name: 'ops', sudo: 'passwordless' },
    ] as const;
    host = await lab.host({ release: 'bookworm', mail: true, users });
  });
  after(() => host?.stop());

  it('accepts a login of root over SSH, with the host key of its known_hosts file', async () => {
    const { code, stdout } = await ssh(host, 'root', 'hostname -f; id -u');
    assert.equal(stdout.toString(), `${host.name}\n0\n`);
    assert.equal(code, 0);
  });

  it('has users with and without sudo', async () => {
    assert.equal((await ssh(host, 'ops', 'sudo -n id -u')).stdout.toString(), '0\n');
    assert.notEqual((await ssh(host, 'alice', 'sudo -n id -u')).code, 0);
  });

  it('answers from outside as stock Postfix and Dovecot', async () => {
    const [smtp] = await talk(connect(25, host.address));
    assert.equal(smtp, `220 ${host.name} ESMTP Postfix (Debian/GNU)`);
    const [imap] = await talk(connect(143, host.address));
    assert.match(imap ?? '', /^\* OK .*LOGINDISABLED\] Dovecot \(Debian\) ready\.$/);
  });

  it('accepts the right password of a user and refuses a wrong one', async () => {
    const login = (password: string) =>
      talk(connectTls({ host: host.address, port: 993, rejectUnauthorized: false }), `a LOGIN alice "${password}"`);
    assert.match((await login('wonder land'))[1] ?? '', /^a OK /);
    assert.match((await login('wonderland'))[1] ?? '', /^a NO /);
  });

  it('reports every changed file in its state, and no other', async () => {
    const before = await host.state();
    assert.ok(before['/etc/postfix/main.cf']?.sha256);
    assert.deepEqual(await host.state(), before);
    await host.run('chmod 600 /etc/postfix/main.cf');
    const { '/etc/postfix/main.cf': main, ...rest } = await host.state();
    const { '/etc/postfix/main.cf': old, ...others } = before;
    assert.deepEqual(main, { ...old, mode: '600' });
    assert.deepEqual(rest, others);
  });

  for (const how of ['orderly', 'power-cut'] as const)
    it(`keeps its disk and its address over a reboot (${how})`, async () => {
      const boot = () => host.run('cat /proc/sys/kernel/random/boot_id; systemctl show -P UserspaceTimestampMonotonic');
      const before = await boot();
      await host.write('/srv/kept', how);
      await host.reboot(how);
      assert.notEqual(await boot(), before);
      assert.equal((await host.read('/srv/kept')).toString(), how);
      assert.match((await talk(connect(25, host.address)))[0] ?? '', /^220 /);
    });

  it('obtains a certificate from Pebble for its own name, and none for a name that resolves to another address', async () => {
    const acme = await lab.acme();
    await host.run(certbot(acme.directory, host.name));
    const leaf = await host.read(`/etc/letsencrypt/live/${host.name}/cert.pem`);
    const chain = (await host.read(`/etc/letsencrypt/live/${host.name}/chain.pem`)).toString();
    const issuer = new X509Certificate(chain);
    assert.equal(new X509Certificate(leaf).checkHost(host.name), host.name);
    assert.ok(new X509Certificate(leaf).verify(issuer.publicKey));
    assert.ok(issuer.verify(new X509Certificate(await acme.root()).publicKey));
    await acme.setA('elsewhere.test', '198.18.0.254');
    const { code, stdout } = await host.exec(certbot(acme.directory, 'elsewhere.test'));
    assert.equal(code, 1);
    assert.match(stdout, /Domain: elsewhere\.test/);
  });
});

describe('a host of the lab without mail packages', () => {
  it('installs Postfix offline, and then has the same files as a mail host of the lab', async function () {
    this.timeout(300_000);
    const [bare, stock] = await Promise.all([lab.host(), lab.host({ mail: true })]);
    assert.deepEqual(await bare.state(), {});
    await bare.run('DEBIAN_FRONTEND=noninteractive apt-get -q -y install postfix');
    const digests = async (host: LabHost) => {
      const [, ...domain] = host.name.split('.');
      const text = (await host.read('/etc/postfix/main.cf')).toString();
      const main = text.replaceAll(host.name, 'NAME').replaceAll(domain.join('.'), 'DOMAIN');
      const files = Object.entries(await host.state()).filter(([path]) => path.startsWith('/etc/postfix'));
      const rows = files.map(([path, { type, mode, owner, link, sha256 }]) => {
        const content = path === '/etc/postfix/main.cf' ? main : sha256;
        return [path, { type, mode, owner, link, content }];
      });
      return Object.fromEntries(rows) as Record<string, object>;
    };
    assert.deepEqual(await digests(bare), await digests(stock));
    await Promise.all([bare.stop(), stock.stop()]);
  });
});

describe('a run of the lab', () => {
  const crash = `import { lab } from './src/lab/lab.ts'; const host = await lab.host(); console.log(host.name); throw new Error('a bug');`;
  const script = ['--import', 'tsx', 'scripts/lab.ts'];

  it('leaves nothing behind after Ctrl-C', async () => {
    const { pid, processes, end } = await boot(script);
    assert.notDeepEqual(traces(pid), []);
    assert.equal(await end('SIGINT'), 130);
    await nothing(pid, processes);
  });

  it('leaves nothing behind after a crash', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', crash]);
    const [name] = (await once(child.stdout, 'data')) as [Buffer];
    assert.match(name.toString(), /^\S+\n$/, 'a host has booted');
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 1);
    await nothing(child.pid ?? 0, []);
  });

  it('leaves no process after kill -9, and the next run removes the rest', async () => {
    const { pid, processes, end } = await boot(script);
    await end('SIGKILL');
    await until(() => processes.filter(alive).length === 0);
    assert.notDeepEqual(traces(pid), []);
    const next = await boot(script);
    assert.deepEqual(traces(pid), []);
    await next.end('SIGTERM');
    await nothing(next.pid, next.processes);
  });

  /** Starts a run of its own and waits until its host is up. */
  async function boot(args: readonly string[]) {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = child.pid ?? 0;
    await once(child.stdout, 'data');
    const closed = once(child, 'close');
    const processes = descendants(pid);
    assert.ok(processes.length > 5, 'a booted host has many processes');
    const end = async (signal: NodeJS.Signals) => {
      child.kill(signal);
      return ((await closed) as [number | null])[0];
    };
    return { pid, processes, end };
  }

  async function nothing(pid: number, processes: readonly number[]): Promise<void> {
    assert.deepEqual(traces(pid), []);
    await until(() => processes.filter(alive).length === 0);
  }
});

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 5000; !condition(); await sleep(20))
    assert.ok(Date.now() < deadline, 'time is over');
}

/** Everything on this machine that bears the name of a run. */
function traces(pid: number): string[] {
  const folders = ['/sys/class/net', '/run/netns', '/run/harden-mail-lab', '/run/systemd/nspawn/propagate'];
  const all = [...folders, ...hierarchies(), `${cacheFolder()}/runs`];
  const named = all.flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : [],
  );
  const mounts = readFileSync('/proc/mounts', 'latin1').split('\n');
  return [...named, ...mounts].filter((text) => new RegExp(`(/|hml)${pid}\\b`).test(text));
}

function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** A process that is dead but not yet collected by its parent is not alive. */
function alive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}
