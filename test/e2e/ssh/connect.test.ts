import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../../src/connect/connect.ts';
import type { ConnectOptions } from '../../../src/connect/options.ts';
import type { Host } from '../../../src/model.ts';
import type { Remote } from '../../../src/remote/remote.ts';
import { keygen, startSshd } from './sshd.ts';
import type { Sshd } from './sshd.ts';

const read = { name: 'test', intent: 'read' } as const;

describe('connect', () => {
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

  it('runs a script: bytes untouched, exit status, both outputs, empty input', async () => {
    const remote = await to();
    const { code, stdout, stderr } = await remote.run(
      `printf '\\377\\000 x \\n\\n'; echo problem >&2; cat; exit 3`,
      read,
    );
    assert.equal(code, 3);
    assert.deepEqual(stdout, Buffer.from('ff002078200a0a', 'hex'));
    assert.equal(stderr.toString(), 'problem\n');
  });

  it('takes a script and an answer of a few megabytes', async () => {
    const remote = await to();
    const text = 'x'.repeat(3_000_000);
    const { code, stdout } = await remote.run(`printf %s '${text}'`, read);
    assert.equal(code, 0);
    assert.equal(stdout.length, text.length);
  });

  it('runs more scripts at once than the server has sessions', async () => {
    const remote = await to();
    const results = await Promise.all([...Array(15).keys()].map((i) => remote.run(`echo ${i}`, read)));
    assert.deepEqual(
      results.map(({ stdout }) => stdout.toString()),
      [...Array(15).keys()].map((i) => `${i}\n`),
    );
  });

  it('hands over output as it arrives', async () => {
    const remote = await to();
    const chunks: Buffer[] = [];
    const { stdout } = await remote.run('echo one; sleep 0.1; echo two', { ...read, onOutput: (c) => chunks.push(c) });
    assert.deepEqual(Buffer.concat(chunks), stdout);
    assert.equal(stdout.toString(), 'one\ntwo\n');
    assert.ok(chunks.length >= 2);
  });

  it('forwards a connection from the host, and says when there is nothing', async () => {
    const remote = await to();
    const stream = await remote.forward('127.0.0.1', sshd.port);
    const greeting = await new Promise<Buffer>((resolve) => stream.once('data', resolve));
    stream.destroy();
    assert.match(greeting.toString(), /^SSH-2\.0-/);
    await assert.rejects(remote.forward('127.0.0.1', 1), { code: 'CONNECTION_REFUSED' });
  });

  it('a script that is killed is an error, not a result', async () => {
    const remote = await to();
    await assert.rejects(remote.run('kill -9 $$', read), { code: 'REMOTE_FAILED', message: /SIGKILL/ });
  });

  it('a host that is silent too long counts as lost', async () => {
    const remote = await to();
    await assert.rejects(remote.run('sleep 5', { ...read, idleTimeout: 0.3 }), { code: 'CONNECTION_LOST' });
  });

  it('agrees on AES-GCM, and offers nothing that a man in the middle can cut (Terrapin)', async () => {
    const lines: string[] = [];
    await to({ debug: (line) => lines.push(line) });
    const text = lines.join('\n');
    assert.match(text, /Handshake: C->S Cipher: aes128-gcm@openssh.com/i);
    assert.match(text, /Handshake: S->C cipher: aes128-gcm@openssh.com/);
    assert.doesNotMatch(text, /\(local\).*(chacha20|-cbc|sha1|ssh-rsa\b)/);
  });

  describe('host keys', () => {
    it('refuses an unknown host, with its fingerprint', async () => {
      await assert.rejects(to({ knownHosts: [file('empty', '')] }), {
        code: 'HOST_KEY_UNKNOWN',
        message: new RegExp(`^${sshd.address}:${sshd.port}: .*ssh-ed25519 SHA256:`),
      });
    });

    it('refuses it also where the ssh configuration would take any', async () => {
      const sshConfig = file('lax', 'StrictHostKeyChecking no\nVerifyHostKeyDNS yes\n');
      await assert.rejects(to({ knownHosts: [file('none', '')], sshConfig }), { code: 'HOST_KEY_UNKNOWN' });
    });

    it('accepts and remembers it when told so; the second time it is known', async () => {
      const path = file('fresh', '# mine, without a newline at the end');
      await to({ knownHosts: [path], acceptNewHostKeys: true });
      const key = sshd.hostKey('ed25519').split(' ').slice(0, 2).join(' ');
      const line = `${sshd.entry} ${key}\n`;
      assert.equal(readFileSync(path, 'utf8'), `# mine, without a newline at the end\n${line}`);
      await to({ knownHosts: [path] });
    });

    it('refuses a changed key even when new ones are accepted, and leaves the file alone', async () => {
      const other = readFileSync(`${sshd.key}.pub`, 'utf8');
      const text = `# first line\n${sshd.entry} ${other}`;
      const path = file('changed', text);
      await assert.rejects(to({ knownHosts: [path], acceptNewHostKeys: true }), {
        code: 'HOST_KEY_CHANGED',
        message: /SHA256:\S+ is shown, ssh-ed25519 SHA256:\S+ is known from .*changed:2$/,
      });
      assert.equal(readFileSync(path, 'utf8'), text);
    });

    it('asks for the type of key that is known', async () => {
      for (const type of ['rsa', 'ecdsa'] as const) {
        await to({ knownHosts: [file('one-type', `${sshd.entry} ${sshd.hostKey(type)}\n`)] });
      }
    });

    it('refuses a revoked key', async () => {
      const path = file('revoked', readFileSync(sshd.knownHosts, 'utf8'));
      appendFileSync(path, `@revoked * ${sshd.hostKey('ed25519')}\n`);
      await assert.rejects(to({ knownHosts: [path] }), { code: 'HOST_KEY_REVOKED', message: /revoked:2/ });
    });
  });

  it('says what was tried when the host lets nobody in', async () => {
    const key = join(sshd.folder, 'stranger');
    keygen(key, 'ed25519');
    await assert.rejects(to({}, { identity: key }), {
      code: 'AUTH_FAILED',
      message: new RegExp(`tried key ${key}; the host accepts publickey`),
    });
  });
});
