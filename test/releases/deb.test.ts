/** The .deb on mail hosts without Node.js: checked by lintian, installed, run by --local and by its timer, and removed. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { COMMANDS } from '../../src/cli/command-names.ts';
import { lab, type LabHost } from '../../src/lab/lab.ts';
import { prepareMachine } from '../../src/lab/requirements.ts';
import { buildDeb } from '../../scripts/deb.ts';
import { assertTidy, mark, writtenSince } from '../support/host.ts';
import { credentials, scratch, SCRATCH } from '../support/cli.ts';

const run = promisify(execFile);
const UNITS = ['harden-mail-check.service', 'harden-mail-check.timer', 'harden-mail-tell.service'];

describe('the Debian package', function () {
  this.timeout(1_200_000);
  let deb: string;

  before(async () => {
    await prepareMachine(['debhelper', 'dpkg-dev', 'binutils', 'lintian', 'man-db']);
    deb = buildDeb('x64');
  });

  it('lintian finds nothing but what the overrides explain', async () => {
    const { stdout } = await run('lintian', ['--allow-root', '--pedantic', '--display-info', deb]);
    assert.equal(stdout.replace(/^N: .*\n/gm, ''), '');
  });

  // Not the versions: dpkg-shlibdeps asks for those of this machine's release. That older ones do is seen on bullseye.
  it('it depends on the libraries that dpkg-shlibdeps finds', async () => {
    const folder = join(SCRATCH, 'shlibs');
    mkdirSync(join(folder, 'debian'), { recursive: true });
    writeFileSync(join(folder, 'debian/control'), 'Source: a\n\nPackage: b\nArchitecture: amd64\n');
    const { stdout } = await run('dpkg-shlibdeps', ['-O', resolve('build/harden-mail-linux-x64')], { cwd: folder });
    const { stdout: depends } = await run('dpkg-deb', ['--field', deb, 'Depends']);
    const names = (list: string): string[] => [...list.matchAll(/([\w.+-]+) \(/g)].map(([, name = '']) => name).sort();
    assert.deepEqual(names(depends), names(stdout));
  });

  it('man reads its manual page without a warning', async () => {
    const { stderr } = await run('man', ['--warnings', '--local-file', '--encoding=UTF-8', 'man/harden-mail.1']);
    assert.equal(stderr, '');
  });

  it('the executable reads several hosts over SSH at a time', async () => {
    const hosts = await Promise.all([lab.host({ mail: true }), lab.host({ mail: true })]);
    const known = hosts.map(({ knownHosts }) => readFileSync(knownHosts, 'utf8')).join('');
    const [{ identity }] = hosts;
    const way = ['--user', 'root', ...credentials({ identity, knownHosts: scratch('known_hosts', known) })];
    const args = ['check', '--no-diff', ...hosts.map(({ address }) => address), ...way];
    const { code, stdout } = await run('build/harden-mail-linux-x64', args).then(
      () => ({ code: 0, stdout: '' }),
      (error: { code: number; stdout: string }) => error,
    );
    await Promise.all(hosts.map((host) => host.stop()));
    assert.equal(code, 2, stdout);
    assert.match(stdout, /^2 hosts: 2 drifted$/m);
  });

  for (const release of ['bullseye', 'bookworm', 'trixie'] as const) {
    describe(`on ${release}`, () => {
      let host: LabHost;
      let options: string;

      before(async () => {
        const acme = await lab.acme();
        host = await lab.host({ release, mail: true });
        await host.write('/root/harden-mail.deb', readFileSync(deb));
        await host.write('/etc/ssl/lab-root.pem', await acme.root());
        options = `--ca /etc/ssl/lab-root.pem --acme-server ${acme.directory}`;
      });
      after(() => host?.stop());

      it('it installs on a host without Node.js', async () => {
        assert.notEqual((await host.exec('command -v node nodejs')).code, 0);
        const { code, stdout, stderr } = await host.exec('dpkg --install /root/harden-mail.deb');
        assert.equal(code, 0, stdout + stderr);
        const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
        assert.equal(await host.run('harden-mail --version'), `${version}\n`);
      });

      it('check --local finds drift, and apply --local --dry-run shows the diff and writes nothing', async () => {
        await mark(host);
        const check = await host.exec('harden-mail check --local');
        assert.equal(check.code, 2, check.stdout + check.stderr);
        const { code, stdout, stderr } = await host.exec(`harden-mail apply --local --dry-run ${options}`);
        assert.equal(code, 0, stdout + stderr);
        assert.match(stdout, /\+ *smtpd_tls_auth_only/);
        assert.deepEqual(await writtenSince(host, '/etc', '/usr', '/var/lib', '/root'), []);
      });

      it('apply --local hardens the host', async () => {
        const { code, stdout, stderr } = await host.exec(`harden-mail apply --local --yes ${options}`);
        assert.equal(code, 0, stdout + stderr);
        await assertTidy(host);
      });

      it('its manual page and its completions are where the shells look', async () => {
        assert.match(await host.run('zcat /usr/share/man/man1/harden-mail.1.gz'), /^\.TH HARDEN/m);
        const offered = await host.run(`bash -c 'source /usr/share/bash-completion/completions/harden-mail
          COMP_WORDS=(harden-mail "") COMP_CWORD=1; _harden_mail; printf "%s\\n" "\${COMPREPLY[@]}"'`);
        for (const command of Object.keys(COMMANDS)) assert.match(offered, new RegExp(`^${command}$`, 'm'));
        await host.run('test -s /usr/share/zsh/vendor-completions/_harden-mail');
        await host.run('test -s /usr/share/fish/vendor_completions.d/harden-mail.fish');
      });

      it('its units are valid, the timer is not enabled until the administrator does so, and then checks the host', async () => {
        const { code, stdout, stderr } = await host.exec(`systemd-analyze verify --man=no ${UNITS.join(' ')}`);
        assert.deepEqual([code, (stdout + stderr).match(/^.*harden-mail.*$/gm)], [0, null]);
        assert.equal((await host.exec('systemctl is-enabled harden-mail-check.timer')).stdout, 'disabled\n');
        await host.run(`mkdir -p /etc/systemd/system/harden-mail-check.service.d
          printf '[Service]\\nEnvironment=HARDEN_MAIL_CA=/etc/ssl/lab-root.pem\\n' >/etc/systemd/system/harden-mail-check.service.d/lab.conf
          systemctl daemon-reload && systemctl enable --now harden-mail-check.timer`);
        assert.match(await host.run('systemctl list-timers --no-legend harden-mail-check.timer'), /03:|04:/);
        await host.run('systemctl start harden-mail-check.service');
        assert.match(await host.run('journalctl -u harden-mail-check -o cat'), /as it should be/);
      });

      it('its removal stops the timer and leaves nothing but the mail settings', async () => {
        await host.run('dpkg --purge harden-mail');
        assert.equal((await host.exec('systemctl is-active harden-mail-check.timer')).stdout, 'inactive\n');
        const left = await host.run('find / -xdev -name "*harden-mail-check*" -not -path "/proc/*"');
        assert.deepEqual(left.trim().split('\n').sort(), [
          '/etc/systemd/system/harden-mail-check.service.d', // the test's own
          '/var/lib/systemd/timers/stamp-harden-mail-check.timer',
        ]);
        assert.equal(await host.run('postconf -h smtpd_tls_auth_only'), 'yes\n');
      });
    });
  }
});
