import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../../src/connect/connect.ts';
import type { ConnectOptions } from '../../../src/connect/connect-options.ts';
import type { Host } from '../../../src/model/index.ts';
import { keygen, startSshd } from './sshd.ts';
import type { Sshd } from './sshd.ts';

describe('an SSH login', () => {
  let sshd: Sshd;
  let agent: ChildProcess | undefined;
  let socket: string;

  before(async () => {
    sshd = await startSshd();
    socket = join(sshd.folder, 'agent.sock');
    agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    while (!existsSync(socket)) await sleep(10);
    for (const key of [
      keygen(path('locked'), 'ed25519', 'open sesame'),
      keygen(path('locked-pem'), 'rsa', 'open sesame', '-m', 'PEM'),
      keygen(path('ecdsa'), 'ecdsa'),
      keygen(path('rsa'), 'rsa'),
    ]) {
      await sshd.authorize(key);
    }
    keygen(path('stranger'), 'ed25519');
    keygen(path('locked-stranger'), 'ed25519', 'x');
  });
  after(async () => {
    agent?.kill();
    await sshd?.stop();
  });

  const path = (name: string): string => join(sshd.folder, name);
  const add = (name: string): void => void spawnSync('ssh-add', ['-q', path(name)], { env: withAgent() });
  const emptyAgent = (): void => void spawnSync('ssh-add', ['-q', '-D'], { env: withAgent() });
  const withAgent = (): NodeJS.ProcessEnv => ({ ...process.env, SSH_AUTH_SOCK: socket });

  /** A configuration file of these lines; what they do not name is switched off. */
  let configs = 0;
  function config(...lines: string[]): string {
    const file = path(`config${(configs += 1)}`);
    const off = ['IdentityAgent', 'IdentityFile'].filter((word) => !lines.some((line) => line.startsWith(word)));
    writeFileSync(file, [...lines, ...off.map((word) => `${word} none`)].join('\n') + '\n');
    return file;
  }

  async function login(
    options: Partial<ConnectOptions>,
    host: Partial<Host> & { keyless?: true } = {},
  ): Promise<string[]> {
    const lines: string[] = [];
    const { keyless, ...more } = host;
    const { identity, ...rest } = sshd.host(more);
    const target = keyless ? rest : { ...rest, ...(identity !== undefined && { identity }) };
    const remote = await connect(target, {
      acceptNewHostKeys: false,
      knownHosts: [sshd.knownHosts],
      sshConfig: config(),
      debug: (line) => lines.push(line),
      ...options,
    });
    await remote.close();
    return lines.filter((line) => /(trying|skipping) /.test(line)).map((line) => line.replace(/^.*?: /, ''));
  }

  for (const type of ['user', 'ecdsa', 'rsa']) {
    it(`a login succeeds with a key file of the type ${type === 'user' ? 'ed25519' : type}`, async () => {
      assert.deepEqual(await login({}, { identity: path(type) }), [`trying key ${path(type)}`]);
    });
  }

  for (const name of ['locked', 'locked-pem']) {
    it(`the passphrase of the key file “${name}” is asked for until it is right, and then serves all hosts`, async () => {
      const asked: unknown[] = [];
      const prompt = async (text: string, about: object): Promise<string> => {
        asked.push([text, about]);
        return asked.length === 1 ? 'wrong' : 'open sesame';
      };
      await login({ prompt }, { identity: path(name) });
      await Promise.all([login({ prompt }, { identity: path(name) }), login({ prompt }, { identity: path(name) })]);
      const question = [`Passphrase for ${path(name)}: `, { secret: true, host: 'box' }];
      assert.deepEqual(asked, [question, question]);
    });
  }

  it('a login fails with “wrong passphrase” when every passphrase is wrong and nothing else works', async () => {
    const prompt = async (): Promise<string> => 'wrong';
    await assert.rejects(login({ prompt }, { identity: path('locked') }), {
      code: 'AUTH_FAILED',
      message: /wrong passphrase/,
    });
  });

  it('no passphrase is asked for when the host would not accept the key', async () => {
    const prompt = async (): Promise<string> => assert.fail('asked');
    await assert.rejects(login({ prompt }, { identity: path('locked-stranger') }), { code: 'AUTH_FAILED' });
  });

  it('the error of a question that the user cancels is passed on unchanged', async () => {
    const prompt = async (): Promise<string> => {
      throw new Error('given up');
    };
    await assert.rejects(login({ prompt }, { identity: path('locked') }), { message: 'given up' });
  });

  describe('with an agent', () => {
    beforeEach(emptyAgent);

    it('a login succeeds with a key that only the agent holds', async () => {
      add('ecdsa');
      const tried = await login({ sshConfig: config(`IdentityAgent ${socket}`) }, { keyless: true });
      assert.match(tried.join(), /^trying agent key test SHA256:/);
    });

    it('a login tries the configured key first, then the other keys of the agent, then key files', async () => {
      for (const name of ['stranger', 'ecdsa']) add(name);
      const sshConfig = config(
        `IdentityAgent ${socket}`,
        `IdentityFile ${path('ecdsa')}`,
        `IdentityFile ${path('user')}`,
      );
      assert.deepEqual((await login({ sshConfig }, { keyless: true })).length, 1);
      const wrong = config(`IdentityAgent ${socket}`, `IdentityFile ${path('user')}`);
      emptyAgent();
      add('stranger');
      const tried = await login({ sshConfig: wrong }, { keyless: true });
      assert.deepEqual(
        tried.map((line) => line.replace(/ SHA256.*/, '')),
        ['trying agent key test', `trying key ${path('user')}`],
      );
    });

    it('IdentitiesOnly excludes the other keys of the agent', async () => {
      add('stranger');
      const sshConfig = config(`IdentityAgent ${socket}`, 'IdentitiesOnly yes', `IdentityFile ${path('user')}`);
      assert.deepEqual(await login({ sshConfig }, { keyless: true }), [`trying key ${path('user')}`]);
    });

    it('no passphrase is asked for when the agent holds the key of the file', async () => {
      const askpass = path('askpass');
      writeFileSync(askpass, '#!/bin/sh\necho "open sesame"\n', { mode: 0o700 });
      const env = { ...withAgent(), SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' };
      execFileSync('ssh-add', ['-q', path('locked')], { env });
      const sshConfig = config(`IdentityAgent ${socket}`);
      assert.match((await login({ sshConfig }, { identity: path('locked') })).join(), /^trying agent key test SHA256/);
    });

    it('a login uses the key file when the agent is dead or missing', async () => {
      const fake = path('fake.sock');
      const server = createServer((connection) => connection.end('nonsense')).listen(fake);
      for (const agentPath of [path('nothing.sock'), fake]) {
        assert.deepEqual(await login({ sshConfig: config(`IdentityAgent ${agentPath}`) }), [`trying key ${sshd.key}`]);
      }
      server.close();
    });
  });

  describe('with a named key that cannot be used', () => {
    const cases: [name: string, make: () => string, message: RegExp][] = [
      ['does not exist', () => path('absent'), /absent cannot be used: there is no such file/],
      ['is a folder', () => sshd.folder, /cannot be used/],
      ['is not a key', () => write('text', 'hello'), /text cannot be used: it is not an RSA, ECDSA or Ed25519 key/],
      ['is a public key', () => write('half', readFileSync(path('user.pub'), 'utf8')), /it is a public key/],
      ['is cut short', () => write('short', readFileSync(path('user'), 'utf8').slice(0, 200)), /short cannot be used/],
      [
        'needs a passphrase and there is no terminal',
        () => path('locked'),
        /has a passphrase, and there is no terminal to ask for it/,
      ],
      [
        'can be read by others',
        () => {
          const file = write('open', readFileSync(path('user'), 'utf8'));
          chmodSync(file, 0o644);
          return file;
        },
        /others may read it \(mode 0644\)/,
      ],
    ];
    function write(name: string, text: string): string {
      writeFileSync(path(name), text, { mode: 0o600 });
      return path(name);
    }
    for (const [name, make, message] of cases) {
      it(`a login fails with the reason when the named key ${name}`, () =>
        assert.rejects(login({}, { identity: make() }), { code: 'KEY_UNUSABLE', message }));
    }
  });

  it('a login leaves out a configured key that others can read, and the error names it', async () => {
    const file = path('loose');
    writeFileSync(file, readFileSync(path('user')));
    chmodSync(file, 0o640);
    await assert.rejects(login({ sshConfig: config(`IdentityFile ${file}`) }, { keyless: true }), {
      code: 'AUTH_FAILED',
      message: /loose \(others may read it \(mode 0640\)/,
    });
  });

  it('the error says that user certificates are not supported when the host refuses the key alone', async () => {
    execFileSync('ssh-keygen', ['-q', '-s', path('ecdsa'), '-I', 'me', '-n', 'root', path('stranger.pub')]);
    await assert.rejects(login({}, { identity: path('stranger') }), {
      code: 'AUTH_FAILED',
      message: /stranger-cert.pub \(user certificates are not supported\)/,
    });
  });

  it('a login without any key fails and the hint names --identity', async () => {
    await assert.rejects(login({}, { keyless: true }), {
      code: 'AUTH_FAILED',
      message: /could not log in; tried nothing: there is no key; the host accepts publickey/,
      hint: /--identity/,
    });
  });
});
