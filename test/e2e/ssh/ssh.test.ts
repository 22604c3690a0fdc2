/** The ways in that an admin has, on a stock Debian host: Debian's own sshd, PAM and sudo. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../../src/connect/connect.ts';
import type { ConnectOptions } from '../../../src/connect/connect-options.ts';
import type { Host } from '../../../src/model/index.ts';
import { readOnly } from '../../../src/remote/readonly.ts';
import type { Remote } from '../../../src/remote/remote.ts';
import { lab } from '../../../src/lab/lab.ts';
import type { LabHost } from '../../../src/lab/lab.ts';
import { keygen } from './sshd.ts';
import { assertRoot } from '../../support/root.ts';

const read = { name: 'test', intent: 'read' } as const;
const PASSWORD = "pw of 'ops' $(id) é";

describe('SSH to a stock Debian host', () => {
  let host: LabHost;
  let folder: string;
  const open: Remote[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'harden-mail-ssh-'));
    host = await lab.host({
      users: [
        { name: 'free', sudo: 'passwordless' },
        { name: 'asked', sudo: 'password', password: PASSWORD },
        { name: 'nobody2', password: PASSWORD },
      ],
    });
  });
  after(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true });
  });
  afterEach(async () => {
    for (const remote of open.splice(0)) await remote.close();
  });

  async function to(user: string, options: Partial<ConnectOptions> = {}, more: Partial<Host> = {}): Promise<Remote> {
    const { address: hostname, port, identity } = host;
    const target: Host = { name: 'box', hostname, port, identity, user, profile: 'standard', ...more };
    const defaults = { acceptNewHostKeys: false, knownHosts: [host.knownHosts], sshConfig: 'none' };
    const remote = await connect(target, { ...defaults, ...options });
    open.push(remote);
    return remote;
  }
  const password = async (): Promise<string> => PASSWORD;

  it('root logs in with a key', async () => {
    const remote = await to('root');
    await assertRoot(remote);
    assert.equal(remote.address, host.address);
  });

  it('a user becomes root when sudo needs no password', async () => {
    await assertRoot(await to('free', { becomePassword: async () => assert.fail('asked') }));
  });

  it('the password for sudo is asked for once and appears in no process list, journal or debug output', async () => {
    let asked = 0;
    const lines: string[] = [];
    const becomePassword = async (): Promise<string> => {
      asked += 1;
      return PASSWORD;
    };
    const remote = await to('asked', { becomePassword, debug: (line) => lines.push(line) });
    await assertRoot(remote);
    await assertRoot(remote);
    const seen = await remote.run(
      `for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; tr '\\0' ' ' <$p/environ; done 2>/dev/null; journalctl -q`,
      read,
    );
    assert.equal(asked, 1);
    assert.ok(seen.stdout.length > 10_000);
    assert.ok(!seen.stdout.includes('pw of'));
    assert.ok(!lines.join().includes('pw of'));
  });

  it('a missing password, a wrong password and a user without sudo each end with their own reason', async () => {
    await assert.rejects((await to('asked')).run('id', read), { code: 'NOT_ROOT', hint: /--ask-become-pass/ });
    const wrong = { becomePassword: async () => 'wrong' };
    await assert.rejects((await to('asked', wrong)).run('id', read), {
      code: 'NOT_ROOT',
      message: /refused the password/,
    });
    const { becomePassword } = { becomePassword: password };
    await assert.rejects((await to('nobody2', { becomePassword })).run('touch /srv/canary', read), {
      code: 'NOT_ROOT',
      message: /nobody2 cannot become root: the host said “nobody2 is not in the sudoers file/,
      hint: /NOPASSWD.*--user root/,
    });
    assert.equal((await host.exec('test -e /srv/canary')).code, 1);
  });

  const sudoers = [
    'lecture=always',
    'use_pty',
    'passprompt_override',
    'timestamp_timeout=0',
    'log_output',
    '!env_reset',
  ];
  for (const line of sudoers) {
    it(`users become root when sudoers has “Defaults ${line}”`, async () => {
      await host.write('/etc/sudoers.d/zz-test', `Defaults ${line}\n`, '0440');
      try {
        await assertRoot(await to('asked', { becomePassword: password }));
        await assertRoot(await to('free'));
        const remote = await to('free');
        const { stdout } = await remote.run('head -c 3000000 /dev/zero', read);
        assert.equal(stdout.length, 3_000_000);
      } finally {
        await host.run('rm /etc/sudoers.d/zz-test');
      }
    });
  }

  it('the hint about a sudo that requires a terminal has the line for sudoers', async () => {
    await host.write('/etc/sudoers.d/zz-test', 'Defaults requiretty\n', '0440');
    try {
      await assert.rejects((await to('free')).run('id', read), {
        code: 'NOT_ROOT',
        message: /must have a tty/,
        hint: /Defaults:free !requiretty/,
      });
    } finally {
      await host.run('rm /etc/sudoers.d/zz-test');
    }
  });

  it('start-up files that print, set aliases and change the folder do not disturb a script', async () => {
    const noise = 'echo hello; echo oops >&2; cd /tmp; set -x; umask 077; export LC_ALL=de_DE.UTF-8; alias cat=true\n';
    for (const home of ['/root', '/home/free', '/home/asked']) await host.write(`${home}/.bashrc`, noise);
    for (const user of ['root', 'free', 'asked']) await assertRoot(await to(user, { becomePassword: password }));
  });

  it('a user logs in with a password, which is asked for once', async () => {
    const { hostname, ...rest } = { hostname: host.address, name: 'box', port: host.port, user: 'asked' };
    const asked: string[] = [];
    const remote = await connect(
      { hostname, ...rest, profile: 'standard' },
      {
        acceptNewHostKeys: false,
        knownHosts: [host.knownHosts],
        sshConfig: writeConfig('IdentityFile none\nIdentityAgent none\n'),
        prompt: async (text, { secret }) => {
          asked.push(`${text}${secret}`);
          return PASSWORD;
        },
        becomePassword: password,
      },
    );
    open.push(remote);
    await assertRoot(remote);
    assert.deepEqual(asked, [`Password of asked@${hostname}: true`]);
  });
  const writeConfig = (text: string): string => {
    writeFileSync(join(folder, 'config'), text);
    return join(folder, 'config');
  };

  it('a wrong key, a changed host key, an unknown host key and a refused port each end with their own error', async () => {
    const stranger = join(folder, 'stranger');
    const other = keygen(stranger, 'ed25519');
    await assert.rejects(to('root', {}, { identity: stranger }), {
      code: 'AUTH_FAILED',
      message: /stranger; the host/,
    });
    writeFileSync(join(folder, 'changed'), `${host.address} ${other}\n`);
    writeFileSync(join(folder, 'empty'), '');
    for (const acceptNewHostKeys of [false, true]) {
      await assert.rejects(to('root', { knownHosts: [join(folder, 'changed')], acceptNewHostKeys }), {
        code: 'HOST_KEY_CHANGED',
        message: new RegExp(`^${host.address}:22: .*changed:1$`),
      });
    }
    await assert.rejects(to('root', { knownHosts: [join(folder, 'empty')] }), { code: 'HOST_KEY_UNKNOWN' });
    assert.equal(readFileSync(join(folder, 'empty'), 'utf8'), '');
    await assert.rejects(to('root', {}, { port: 23 }), { code: 'CONNECTION_REFUSED' });
  });

  it('a dry run cannot write', async () => {
    const remote = readOnly(await to('root'));
    await assert.rejects(
      remote.run('touch /srv/canary', { name: 'touch', intent: 'write' }),
      /bug: a dry run tried to write/,
    );
    assert.equal((await host.exec('test -e /srv/canary')).code, 1);
  });

  it('a connection that is cut and a host that falls silent are reported as lost connections', async () => {
    const remote = await to('root');
    const running = remote.run('echo started; kill -9 $PPID; sleep 5', read);
    await assert.rejects(running, { code: 'CONNECTION_LOST' });
    let lost: Promise<void> | undefined;
    const silent = await to('root', { sshConfig: writeConfig('ServerAliveInterval 1\nServerAliveCountMax 2\n') });
    const started = new Promise<void>((resolve) => {
      const waiting = silent.run('echo started; sleep 60', { ...read, onOutput: () => resolve() });
      lost = assert.rejects(waiting, { code: 'CONNECTION_LOST', message: /Keepalive timeout/ });
    });
    await started;
    await host.run('pkill -STOP -f "^sshd: root@notty"');
    await lost;
    await host.run('pkill -KILL -f "^sshd: root@notty"');
  });
});
