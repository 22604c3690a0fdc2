import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../../src/connect/connect.ts';
import type { ConnectOptions } from '../../../src/connect/connect-options.ts';
import type { Host } from '../../../src/model/index.ts';
import type { Remote } from '../../../src/remote/remote.ts';
import { keygen, startSshd } from './sshd.ts';
import type { Sshd } from './sshd.ts';

const read = { name: 'test', intent: 'read' } as const;

describe('an SSH connection', () => {
  let sshd: Sshd;
  const open: Remote[] = [];

  before(async () => {
    sshd = await startSshd([], ['ed25519', 'rsa', 'ecdsa']);
  });
  after(() => sshd?.stop());
  afterEach(async () => {
    for (const remote of open.splice(0)) await remote.close();
  });

  async function to(options: Partial<ConnectOptions> = {}, host: Partial<Host> = {}): Promise<Remote> {
    const defaults = { acceptNewHostKeys: false, knownHosts: [sshd.knownHosts], sshConfig: 'none' };
    const remote = await connect(sshd.host(host), { ...defaults, ...options });
    open.push(remote);
    return remote;
  }

  const file = (name: string, content: string): string => {
    const path = join(sshd.folder, name);
    writeFileSync(path, content);
    return path;
  };

  it('runs a script with empty input and returns its bytes, its exit status and both outputs unchanged', async () => {
    const remote = await to();
    const { code, stdout, stderr } = await remote.run(
      `printf '\\377\\000 x \\n\\n'; echo problem >&2; cat; exit 3`,
      read,
    );
    assert.equal(code, 3);
    assert.deepEqual(stdout, Buffer.from('ff002078200a0a', 'hex'));
    assert.equal(stderr.toString(), 'problem\n');
  });

  it('carries a script and an answer of three megabytes', async () => {
    const remote = await to();
    const text = 'x'.repeat(3_000_000);
    const { code, stdout } = await remote.run(`printf %s '${text}'`, read);
    assert.equal(code, 0);
    assert.equal(stdout.length, text.length);
  });

  it('runs more scripts at once than the server allows sessions', async () => {
    const remote = await to();
    const results = await Promise.all([...Array(15).keys()].map((i) => remote.run(`echo ${i}`, read)));
    assert.deepEqual(
      results.map(({ stdout }) => stdout.toString()),
      [...Array(15).keys()].map((i) => `${i}\n`),
    );
  });

  it('delivers output as it arrives', async () => {
    const remote = await to();
    const chunks: Buffer[] = [];
    const { stdout } = await remote.run('echo one; sleep 0.1; echo two', { ...read, onOutput: (c) => chunks.push(c) });
    assert.deepEqual(Buffer.concat(chunks), stdout);
    assert.equal(stdout.toString(), 'one\ntwo\n');
    assert.ok(chunks.length >= 2);
  });

  it('forwards a connection from the host, and reports a port where nothing listens', async () => {
    const remote = await to();
    const stream = await remote.forward('127.0.0.1', sshd.port);
    const greeting = await new Promise<Buffer>((resolve) => stream.once('data', resolve));
    stream.destroy();
    assert.match(greeting.toString(), /^SSH-2\.0-/);
    await assert.rejects(remote.forward('127.0.0.1', 1), { code: 'CONNECTION_REFUSED' });
  });

  it('reports a script that is killed as an error, not as a result', async () => {
    const remote = await to();
    await assert.rejects(remote.run('kill -9 $$', read), { code: 'REMOTE_FAILED', message: /SIGKILL/ });
  });

  it('counts as lost when the host is silent for too long', async () => {
    const remote = await to();
    await assert.rejects(remote.run('sleep 5', { ...read, idleTimeout: 0.3 }), { code: 'CONNECTION_LOST' });
  });

  it('agrees on AES-GCM, and offers no algorithm that is open to the Terrapin attack, and no SHA-1', async () => {
    const lines: string[] = [];
    await to({ debug: (line) => lines.push(line) });
    const text = lines.join('\n');
    assert.match(text, /Handshake: C->S Cipher: aes128-gcm@openssh.com/i);
    assert.match(text, /Handshake: S->C cipher: aes128-gcm@openssh.com/);
    assert.doesNotMatch(text, /\(local\).*(chacha20|-cbc|sha1|ssh-rsa\b)/);
  });

  describe('to a host', () => {
    it('is refused for an unknown host key, and the error has the fingerprint', async () => {
      await assert.rejects(to({ knownHosts: [file('empty', '')] }), {
        code: 'HOST_KEY_UNKNOWN',
        message: new RegExp(`^${sshd.address}:${sshd.port}: .*ssh-ed25519 SHA256:`),
      });
    });

    it('is refused for an unknown host key even when the ssh configuration accepts any key', async () => {
      const sshConfig = file('lax', 'StrictHostKeyChecking no\nVerifyHostKeyDNS yes\n');
      await assert.rejects(to({ knownHosts: [file('none', '')], sshConfig }), { code: 'HOST_KEY_UNKNOWN' });
    });

    it('accepts an unknown host key with acceptNewHostKeys, and stores it for the next connection', async () => {
      const path = file('fresh', '# mine, without a newline at the end');
      await to({ knownHosts: [path], acceptNewHostKeys: true });
      const key = sshd.hostKey('ed25519').split(' ').slice(0, 2).join(' ');
      const line = `${sshd.entry} ${key}\n`;
      assert.equal(readFileSync(path, 'utf8'), `# mine, without a newline at the end\n${line}`);
      await to({ knownHosts: [path] });
    });

    it('is refused for a changed host key even with acceptNewHostKeys, and the known_hosts file stays unchanged', async () => {
      const other = readFileSync(`${sshd.key}.pub`, 'utf8');
      const text = `# first line\n${sshd.entry} ${other}`;
      const path = file('changed', text);
      await assert.rejects(to({ knownHosts: [path], acceptNewHostKeys: true }), {
        code: 'HOST_KEY_CHANGED',
        message: /SHA256:\S+ is shown, ssh-ed25519 SHA256:\S+ is known from .*changed:2$/,
      });
      assert.equal(readFileSync(path, 'utf8'), text);
    });

    it('asks for the type of host key that is in the known_hosts file', async () => {
      for (const type of ['rsa', 'ecdsa'] as const) {
        await to({ knownHosts: [file('one-type', `${sshd.entry} ${sshd.hostKey(type)}\n`)] });
      }
    });

    it('is refused for a revoked host key', async () => {
      const path = file('revoked', readFileSync(sshd.knownHosts, 'utf8'));
      appendFileSync(path, `@revoked * ${sshd.hostKey('ed25519')}\n`);
      await assert.rejects(to({ knownHosts: [path] }), { code: 'HOST_KEY_REVOKED', message: /revoked:2/ });
    });
  });

  it('names the keys that were tried when the host refuses the login', async () => {
    const key = join(sshd.folder, 'stranger');
    keygen(key, 'ed25519');
    await assert.rejects(to({}, { identity: key }), {
      code: 'AUTH_FAILED',
      message: new RegExp(`tried key ${key}; the host accepts publickey`),
    });
  });
});
