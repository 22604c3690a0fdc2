import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../../src/connect/connect.ts';
import type { ConnectOptions } from '../../../src/connect/connect-options.ts';
import type { Remote } from '../../../src/remote/remote.ts';
import { startSshd } from './sshd.ts';
import type { Sshd } from './sshd.ts';

const read = { name: 'test', intent: 'read' } as const;

describe('jump hosts and limits', () => {
  const sshds: Sshd[] = [];
  const open: Remote[] = [];
  afterEach(async () => {
    for (const remote of open.splice(0)) await remote.close();
    for (const sshd of sshds.splice(0)) await sshd.stop();
  });
  async function serve(...config: string[]): Promise<Sshd> {
    const sshd = await startSshd(config);
    sshds.push(sshd);
    return sshd;
  }

  /** One configuration and one known_hosts for all of them, by the names a, b, c. */
  function ways(...all: Sshd[]): Pick<ConnectOptions, 'acceptNewHostKeys' | 'knownHosts' | 'sshConfig'> {
    const folder = all[0]?.folder ?? '';
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const blocks = all.map(
      ({ address, port, key }, at) =>
        `Host ${'abc'[at]}\n HostName ${address}\n Port ${port}\n User root\n IdentityFile ${key}\n`,
    );
    return {
      acceptNewHostKeys: false,
      sshConfig: file('config', blocks.join('')),
      knownHosts: [file('all-known', all.map(({ knownHosts }) => readFileSync(knownHosts, 'utf8')).join(''))],
    };
  }
  async function to(hostname: string, options: ConnectOptions): Promise<Remote> {
    const remote = await connect({ name: hostname, hostname, profile: 'standard' }, options);
    open.push(remote);
    return remote;
  }

  it('a host is reached through one jump host and through two', async () => {
    const [a, b, c] = [await serve(), await serve(), await serve()];
    const options = ways(a, b, c);
    for (const jump of ['b', 'b,c']) {
      const remote = await to('a', { ...options, jump });
      const { stdout } = await remote.run('echo "${SSH_CONNECTION##* }"', read);
      assert.equal(stdout.toString(), `${a.port}\n`);
      assert.equal(remote.address, a.address);
    }
    assert.match(await b.log(), /Accepted publickey/);
    assert.match(await c.log(), /Accepted publickey/);
  });

  it('the host key of each hop is checked under the name of the hop', async () => {
    const [a, b] = [await serve(), await serve()];
    const options = ways(a, b);
    const [file = ''] = options.knownHosts ?? [];
    const text = readFileSync(file, 'utf8');
    const other = readFileSync(`${a.key}.pub`, 'utf8').trim();
    const replaced = text.replace(b.hostKey('ed25519'), other);
    writeFileSync(file, replaced);
    await assert.rejects(to('a', { ...options, acceptNewHostKeys: true, jump: 'b' }), {
      code: 'HOST_KEY_CHANGED',
      message: new RegExp(`^b \\(${b.address}:${b.port}\\): `),
    });
    const without = text.split('\n').filter((line) => !line.includes(`:${a.port} `));
    writeFileSync(file, without.join('\n'));
    await assert.rejects(to('a', { ...options, jump: 'b' }), {
      code: 'HOST_KEY_UNKNOWN',
      message: new RegExp(`^a \\(${a.address}:${a.port}\\): `),
    });
  });

  it('the error names the hop that could not reach the next host', async () => {
    const a = await serve();
    const options = ways(a);
    await assert.rejects(
      connect({ name: 'x', hostname: '127.0.0.1', port: 1, profile: 'standard' }, { ...options, jump: 'a' }),
      { code: 'CONNECTION_REFUSED', message: new RegExp(`^127.0.0.1:1, seen from a \\(${a.address}:${a.port}\\): `) },
    );
  });

  it('the hint about a jump host that does not forward names AllowTcpForwarding', async () => {
    const [a, b] = [await serve(), await serve('AllowTcpForwarding no')];
    await assert.rejects(to('a', { ...ways(a, b), jump: 'b' }), { code: 'REMOTE_FAILED', hint: /AllowTcpForwarding/ });
  });

  it('a host that is lost behind a jump host is reported as a lost connection', async () => {
    const [a, b] = [await serve(), await serve()];
    const remote = await to('a', { ...ways(a, b), jump: 'b' });
    // The parent of the script is the sshd of this connection.
    const running = remote.run('kill -9 $PPID; sleep 5', read);
    await assert.rejects(running, { code: 'CONNECTION_LOST' });
  });

  it('scripts wait for one another on a host with MaxSessions 1', async () => {
    const a = await serve('MaxSessions 1');
    const remote = await to('a', ways(a));
    const results = await Promise.all([...Array(6).keys()].map((i) => remote.run(`echo ${i}`, read)));
    assert.deepEqual(
      results.map(({ stdout }) => stdout.toString()),
      ['0\n', '1\n', '2\n', '3\n', '4\n', '5\n'],
    );
    for (let i = 0; i < 5; i += 1) assert.equal((await remote.run('exit 4', read)).code, 4);
  });

  it('the hint about a host with MaxSessions 0 names MaxSessions', async () => {
    const a = await serve('MaxSessions 0');
    const remote = await to('a', ways(a));
    await assert.rejects(remote.run('true', read), { code: 'REMOTE_FAILED', hint: /MaxSessions/ });
  });

  it('six logins at once all succeed on a host whose MaxStartups turns some of them away', async () => {
    const a = await serve('MaxStartups 2:90:4');
    const options = ways(a);
    const remotes = await Promise.allSettled([...Array(6).keys()].map(() => to('a', options)));
    assert.deepEqual(
      remotes.flatMap((remote) => (remote.status === 'rejected' ? [(remote.reason as Error).message] : [])),
      [],
    );
    assert.match(await a.log(), /MaxStartups/);
  });

  it('ten logins at once all succeed on a host with MaxStartups 2', async () => {
    const a = await serve('MaxStartups 2');
    const options = ways(a);
    const remotes = await Promise.allSettled([...Array(10).keys()].map(() => to('a', options)));
    assert.deepEqual(
      remotes.flatMap((remote) => (remote.status === 'rejected' ? [(remote.reason as Error).message] : [])),
      [],
    );
    assert.match(await a.log(), /MaxStartups/);
  });

  it('ten connections to hosts with MaxSessions 1 succeed at once through a jump host with MaxStartups 2', async () => {
    const [a, b] = [await serve('MaxSessions 1'), await serve('MaxStartups 2')];
    const options = { ...ways(a, b), jump: 'b' };
    const remotes = await Promise.all([...Array(10).keys()].map(() => to('a', options)));
    for (const remote of remotes) assert.equal((await remote.run('exit 4', read)).code, 4);
  });

  it('a hundred connections succeed at once through a jump host with the defaults of OpenSSH', async () => {
    // The one behind it stands for a hundred hosts.
    const [a, b] = [await serve('MaxStartups 1000'), await serve()];
    const options = { ...ways(a, b), jump: 'b' };
    const remotes = await Promise.allSettled([...Array(100).keys()].map(() => to('a', options)));
    assert.deepEqual(
      remotes.flatMap((remote) => (remote.status === 'rejected' ? [(remote.reason as Error).message] : [])),
      [],
    );
    for (const remote of open) assert.equal((await remote.run('exit 4', read)).code, 4);
    assert.doesNotMatch(await b.log(), /MaxStartups/, 'none was turned away');
  });

  it('the error about a forced command that is not a shell quotes its output', async () => {
    const a = await serve('ForceCommand echo this account is for backups');
    const remote = await to('a', ways(a));
    await assert.rejects(remote.run('echo canary', read), {
      code: 'NOT_ROOT',
      message: /the host said “this account is for backups”/,
    });
  });
});
