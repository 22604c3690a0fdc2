/** The ways to root that other hosts have: shells that are no bash and talk at their start, sudo-rs, doas. On Debian 13. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { connect } from '../../src/connect/connect.ts';
import type { Remote } from '../../src/remote/remote.ts';
import { oracleRoot } from '../support/debs.ts';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { assertRoot } from '../support/root.ts';

const read = { name: 'test', intent: 'read' } as const;
const PASSWORD = "pw of 'ops' $(id) é";
const PACKAGES = ['sudo-rs', 'opendoas', 'zsh', 'fish'];

describe('ways to become root', () => {
  let host: LabHost;
  const open: Remote[] = [];

  before(async () => {
    const users = [
      { name: 'free', sudo: 'passwordless' },
      { name: 'asked', sudo: 'password', password: PASSWORD },
      { name: 'nobody2', password: PASSWORD },
    ] as const;
    host = await lab.host({ release: 'trixie', users });
    // Unpacked, with the libraries that they need; what the host has already stays.
    const tree = await oracleRoot('trixie', PACKAGES);
    const input = execFileSync('tar', ['-c', '-C', tree, 'etc', 'usr'], { maxBuffer: 1 << 30 });
    await host.run('tar -x -C / --keep-directory-symlink --skip-old-files; ldconfig', { input });
    await host.run('chmod 4755 /usr/lib/cargo/bin/sudo; cp -a /usr/bin/sudo /root/sudo');
  });
  after(() => host?.stop());
  afterEach(async () => {
    for (const remote of open.splice(0)) await remote.close();
  });

  async function to(user: string, becomePassword?: () => Promise<string>): Promise<Remote> {
    const { address: hostname, identity, knownHosts } = host;
    const options = { acceptNewHostKeys: false, knownHosts: [knownHosts], sshConfig: 'none' };
    const target = { name: 'box', hostname, user, identity, profile: 'standard' } as const;
    const remote = await connect(target, { ...options, ...(becomePassword && { becomePassword }) });
    open.push(remote);
    return remote;
  }
  const password = async (): Promise<string> => PASSWORD;

  const noise = 'echo hello; echo oops >&2; cd /tmp; printf "no end of line"';
  const shells: [shell: string, startup: string, text: string][] = [
    ['/usr/bin/zsh', '.zshenv', `${noise}; setopt noglob shwordsplit; alias sh=false`],
    ['/usr/bin/fish', '.config/fish/config.fish', `${noise}; function sh; false; end`],
    ['/usr/bin/dash', '.profile', noise],
    ['/bin/bash', '.bashrc', `${noise}; set -x; alias exec=false`],
  ];
  for (const [shell, startup, text] of shells) {
    it(`root and users with sudo run scripts as root from ${shell} with a start-up file that prints`, async () => {
      for (const [user, home] of [['root', '/root'], ['free', '/home/free'], ['asked', '/home/asked']] as const) {
        await host.write(`${home}/${startup}`, `${text}\n`, '0644');
        await host.run(`chmod 755 ${home}/.config ${home}/.config/fish 2>/dev/null; usermod --shell ${shell} ${user}`);
        await assertRoot(await to(user, password));
      }
    }); // oxfmt-ignore
  }

  describe('with sudo-rs', () => {
    before(() => host.run('rm /usr/bin/sudo; ln -s /usr/lib/cargo/bin/sudo /usr/bin/sudo'));
    after(() => host.run('rm /usr/bin/sudo; cp -a /root/sudo /usr/bin/sudo'));

    it('the sudo of the host is sudo-rs', async () => assert.match(await host.run('sudo --version 2>&1'), /sudo-rs/));
    it('a user becomes root without a password', async () =>
      assertRoot(await to('free', async () => assert.fail('asked'))));
    it('a user becomes root with a password that is asked for once', async () => {
      let asked = 0;
      const remote = await to('asked', async () => {
        asked += 1;
        return PASSWORD;
      });
      await assertRoot(remote);
      await assertRoot(remote);
      assert.equal(asked, 1);
    });
    it('a wrong password, a missing password and a user without sudo are refused', async () => {
      await assert.rejects((await to('asked', async () => 'wrong')).run('id', read), {
        code: 'NOT_ROOT',
        message: /refused the password/,
      });
      await assert.rejects((await to('asked')).run('id', read), { code: 'NOT_ROOT', hint: /--ask-become-pass/ });
      await assert.rejects((await to('nobody2', password)).run('touch /srv/canary', read), { code: 'NOT_ROOT' });
      assert.equal((await host.exec('test -e /srv/canary')).code, 1);
    });
  });

  describe('with doas and without sudo', () => {
    before(async () => {
      await host.run('rm /usr/bin/sudo');
      await host.write('/etc/doas.conf', 'permit nopass free\npermit asked\n', '0600');
    });
    after(() => host.run('cp -a /root/sudo /usr/bin/sudo'));

    it('a user becomes root without a password', async () => assertRoot(await to('free')));
    it('the error names “permit nopass” when doas wants a password on a terminal', async () => {
      await assert.rejects((await to('asked', password)).run('id', read), {
        code: 'NOT_ROOT',
        message: /permit nopass in doas\.conf/,
      });
    });
  });

  it('the line in the hint about a sudo that requires a terminal fixes it', async () => {
    await host.write('/etc/sudoers.d/zz-tty', 'Defaults requiretty\n', '0440');
    const refusal = await (await to('free')).run('id', read).then(
      () => assert.fail('it needs none'),
      (error: { hint: string }) => error,
    );
    const [, line = ''] = /“(.*)”/.exec(refusal.hint) ?? [];
    await host.write('/etc/sudoers.d/zz-tty2', `${line}\n`, '0440');
    await assertRoot(await to('free'));
    await host.run('rm /etc/sudoers.d/zz-tty*');
  });
});
