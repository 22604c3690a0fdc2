/** A connection that ssh keeps open (ControlMaster, ControlPath), to a real sshd. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../../src/connect/connect.ts';
import type { ConnectOptions } from '../../../src/connect/connect-options.ts';
import type { Remote } from '../../../src/remote/remote.ts';
import { keygen, startSshd, type Sshd } from './sshd.ts';

const read = { name: 'test', intent: 'read' } as const;

describe('an open connection of ssh', () => {
  let sshd: Sshd;
  let config: string;
  let socket: string;

  beforeEach(async () => {
    sshd = await startSshd();
    socket = join(sshd.folder, 'master');
    config = join(sshd.folder, 'config');
    // No key of this configuration is accepted: a login of our own fails.
    const identity = join(sshd.folder, 'stranger');
    keygen(identity, 'ed25519');
    writeFileSync(config, `ControlPath ${socket}\nIdentityFile ${identity}\n`);
    ssh('-f', '-N', '-M', '-i', sshd.key, '-o', `UserKnownHostsFile=${sshd.knownHosts}`, '-o', 'BatchMode=yes');
  });
  afterEach(async () => {
    try {
      ssh('-O', 'exit');
    } catch {
      // It has ended in the test.
    }
    await sshd.stop();
  });

  /** Without pipes: the open connection would hold them. */
  const ssh = (...args: string[]): void => {
    const { hostname, port } = sshd.host();
    execFileSync('ssh', ['-F', 'none', '-S', socket, ...args, '-p', String(port), `root@${hostname}`], {
      stdio: 'ignore',
    });
  };
  const to = (options: Partial<ConnectOptions> = {}): Promise<Remote> => {
    const { identity: _, ...host } = sshd.host();
    const defaults = { acceptNewHostKeys: false, knownHosts: [sshd.knownHosts], sshConfig: config };
    return connect(host, { ...defaults, ...options });
  };

  it('carries scripts with their bytes, both outputs and the exit status, more at once than sshd allows sessions', async () => {
    const remote = await to();
    const text = 'x'.repeat(300_000);
    const script = `printf '\\377\\000 x \\n\\n'; echo problem >&2; printf %s '${text}' | wc -c; exit 3`;
    const { code, stdout, stderr } = await remote.run(script, read);
    assert.deepEqual([code, stderr.toString()], [3, 'problem\n']);
    assert.deepEqual(stdout, Buffer.concat([Buffer.from('ff002078200a0a', 'hex'), Buffer.from('300000\n')]));
    const many = await Promise.all([...Array(15).keys()].map((one) => remote.run(`echo ${one}`, read)));
    assert.deepEqual(many.map(({ stdout: said }) => said.toString().trim()).join(), [...Array(15).keys()].join());
    await remote.close();
    ssh('-O', 'check'); // It is still there.
  });

  it('keeps what a shell says that waits for its script', async () => {
    const remote = await to();
    remote.prepare?.();
    await sleep(1000);
    const { code, stdout, stderr } = await remote.run('echo out; echo problem >&2; exit 3', read);
    assert.deepEqual([code, stdout.toString(), stderr.toString()], [3, 'out\n', 'problem\n']);
  });

  it('leads to ports of the host, and says which is closed', async () => {
    const remote = await to();
    const stream = await remote.forward('127.0.0.1', sshd.port);
    const greeting = await new Promise<Buffer>((resolve) => stream.once('data', resolve));
    assert.match(greeting.toString(), /^SSH-2\.0-OpenSSH/);
    stream.destroy();
    await assert.rejects(remote.forward('127.0.0.1', 9), { code: 'CONNECTION_REFUSED', message: /refused/i });
  });

  it('is reported as lost when it ends during a script', async () => {
    const remote = await to();
    const running = remote.run('sleep 30', read);
    setTimeout(() => ssh('-O', 'exit'), 500);
    await assert.rejects(running, { code: 'CONNECTION_LOST' });
    await assert.rejects(remote.run('true', read), { code: 'CONNECTION_LOST' });
  });

  it('ends for this program, and stays open, when the user interrupts', async () => {
    const interrupt = new AbortController();
    const remote = await to({ signal: interrupt.signal });
    setTimeout(() => interrupt.abort(), 300);
    await assert.rejects(remote.run('sleep 30', read), { code: 'INTERRUPTED' });
    ssh('-O', 'check');
  });

  it('is not used where the configuration names none, where it has ended, or where another user can write to its socket', async () => {
    await assert.rejects(to({ sshConfig: 'none' }), { code: 'AUTH_FAILED' });
    chmodSync(socket, 0o666);
    await assert.rejects(to(), { code: 'AUTH_FAILED' });
    chmodSync(socket, 0o600);
    chownSync(socket, 65_534, 65_534);
    await assert.rejects(to(), { code: 'AUTH_FAILED' });
    chownSync(socket, 0, 0);
    await (await to()).close();
    ssh('-O', 'exit');
    await assert.rejects(to(), { code: 'AUTH_FAILED' });
  });

  it('is not used for a second host that the configuration leads to the same socket', async () => {
    await (await to()).close();
    const { identity: _, ...host } = sshd.host();
    const options = { acceptNewHostKeys: false, knownHosts: [sshd.knownHosts], sshConfig: config };
    await assert.rejects(connect({ ...host, user: 'alice' }, options), { code: 'AUTH_FAILED' });
  });

  it('is not used for the login that proves that the host can be reached, unless only ssh can log in', async () => {
    const remote = await to({ isFresh: true });
    assert.match(remote.withoutLogin ?? '', /could not log in; tried key /);
    const able = join(sshd.folder, 'config-with-key');
    writeFileSync(able, `ControlPath ${socket}\nIdentityFile ${sshd.key}\n`);
    const fresh = await to({ isFresh: true, sshConfig: able });
    assert.equal(fresh.withoutLogin, undefined);
    const connection = (one: Remote): Promise<string> =>
      one.run('echo $SSH_CONNECTION', read).then(({ stdout }) => stdout.toString());
    assert.notEqual(await connection(fresh), await connection(remote));
    await fresh.close();
  });
});
