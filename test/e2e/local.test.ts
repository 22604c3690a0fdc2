/**
 * `--local`: the packed tool runs on the mail host itself, with this machine's Node, and as the examples have it: by a systemd
 * timer there, and by Ansible from here.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Finding } from '../../src/model/index.ts';
import { lab, type LabHost } from '../../src/lab/lab.ts';
import { scratch, SCRATCH } from '../support/cli.ts';
import { assertTidy, mark, writtenSince } from '../support/host.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOOL = '/usr/local/bin/harden-mail';
const NODE = '/opt/node/node';

interface Document {
  readonly hosts: readonly [
    {
      readonly host: string;
      readonly outcome: string;
      readonly state?: string;
      readonly error?: { readonly message: string; readonly hint: string };
      readonly findings: readonly Finding[];
    },
  ];
}

describe('harden-mail --local on the mail host', function () {
  this.timeout(900_000);
  let host: LabHost;
  let options: string[];
  let pack: string;

  before(async () => {
    const acme = await lab.acme();
    [host] = await Promise.all([
      lab.host({ mail: true, users: [{ name: 'admin', sudo: 'passwordless' }, { name: 'guest' }] }),
      run('npm', ['pack', '--ignore-scripts', '--pack-destination', SCRATCH], { cwd: ROOT }).then(({ stdout }) => {
        pack = join(SCRATCH, stdout.trim().split('\n').at(-1) ?? '');
      }),
    ]);
    await host.write(NODE, readFileSync(process.execPath), '0755');
    await host.write('/root/tool.tgz', readFileSync(pack));
    await host.run('mkdir /opt/harden-mail && tar xzf /root/tool.tgz -C /opt/harden-mail --strip-components=1');
    await host.write(TOOL, `#!/bin/sh\nexec ${NODE} /opt/harden-mail/bin/harden-mail.js "$@"\n`, '0755');
    await host.write('/etc/ssl/lab-root.pem', await acme.root());
    options = ['--ca', '/etc/ssl/lab-root.pem', '--acme-server', acme.directory];
  });
  after(() => host?.stop());

  const local = (command: string, ...more: string[]) => host.exec([TOOL, command, '--local', ...more].join(' '));
  const json = async (command: string, ...more: string[]): Promise<Document['hosts'][0]> => {
    const { stdout, stderr } = await local(command, '--json', ...more);
    assert.match(stdout, /^\{/, stderr);
    return (JSON.parse(stdout) as Document).hosts[0];
  };

  it('check tells a user who is not root to run it with sudo', async () => {
    const { code, stdout, stderr } = await host.exec(`runuser -u guest -- ${TOOL} check --local`);
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout, /sudo asks for a password\n {2}→ Run it as root: sudo harden-mail/);
  });

  it('map shows every listener without SSH, and writes nothing', async () => {
    await mark(host);
    const { code, stdout, stderr } = await local('map');
    assert.equal(code, 0, stdout + stderr);
    for (const port of [25, 110, 143, 993, 995]) assert.match(stdout, new RegExp(`^\\*:${port}$`, 'm'));
    assert.match(stdout, / 5 ways in, no danger found\. Nothing was written\.\n$/);
    assert.deepEqual(await writtenSince(host, '/etc', '/var/lib', '/root', '/srv'), []);
  });

  it('apply --dry-run shows the diff and writes nothing', async () => {
    await mark(host);
    const { code, stdout, stderr } = await local('apply', '--dry-run', ...options);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /\+ *smtpd_tls_auth_only/);
    assert.deepEqual(await writtenSince(host), []);
  });

  it('apply by a user with sudo commits, says what cannot be seen from the host, and has nothing to do again', async () => {
    const { code, stdout, stderr } = await host.exec(
      `runuser -u admin -- ${TOOL} apply --local --yes --json ${options.join(' ')}`,
    );
    assert.equal(code, 0, stdout + stderr);
    const [done] = (JSON.parse(stdout) as Document).hosts;
    assert.deepEqual([done.outcome, done.state], ['changed', 'committed']);
    assert.equal(done.host, (await host.run('hostname')).trim());
    assert.deepEqual([...new Set(done.findings.map(({ via }) => via))], ['local']);
    const answers = done.findings.filter(({ check, port }) => check === 'answers' && port === 465);
    assert.deepEqual(
      answers.map(({ status, text }) => [status, text]),
      [['hint', '465 answers the host itself: whether others can reach it is not seen from here']],
    );
    assert.equal((await json('apply', '--yes', ...options)).outcome, 'unchanged');
    await assertTidy(host);
    assert.match((await local('history')).stdout, /1 transaction/);
  });

  it('rollback undoes the changes, and apply makes them again', async () => {
    assert.equal((await json('rollback', '--yes', ...options.slice(0, 2))).outcome, 'changed');
    assert.equal((await json('apply', '--yes', ...options)).outcome, 'changed');
  });

  it('check by the systemd timer of the examples finds no drift, then finds drift and sends root a mail', async () => {
    for (const name of ['harden-mail-check.service', 'harden-mail-check.timer', 'harden-mail-tell.service']) {
      await host.write(`/etc/systemd/system/${name}`, readFileSync(join(ROOT, 'examples/systemd', name)), '0644');
    }
    await host.run(`mkdir -p /etc/systemd/system/harden-mail-check.service.d
      printf '[Service]\\nEnvironment=HARDEN_MAIL_CA=/etc/ssl/lab-root.pem\\n' >/etc/systemd/system/harden-mail-check.service.d/lab.conf
      systemctl daemon-reload && systemctl enable --now harden-mail-check.timer`);
    assert.match(await host.run('systemctl list-timers --no-legend harden-mail-check.timer'), /03:|04:/);
    await host.run('systemctl start harden-mail-check.service');
    assert.match(await host.run('journalctl -u harden-mail-check -o cat'), /as it should be/);

    await host.run('postconf -e smtpd_tls_auth_only=no');
    const { code } = await host.exec('systemctl start harden-mail-check.service');
    assert.notEqual(code, 0);
    assert.equal(await host.run('systemctl show -P ExecMainStatus harden-mail-check'), '2\n');
    const mail = await host.run(
      `for n in $(seq 100); do grep -qs drift /var/mail/root && break; sleep 0.2; done; cat /var/mail/root`,
    );
    assert.match(mail, /^Subject: .*: mail is not as it should be$/m);
    assert.match(mail, /drift: /);
  });

  it('the Ansible playbook of the examples shows a diff with --check, then changes the host, then changes nothing', async () => {
    const inventory = scratch(
      'ansible',
      `${host.address} ansible_user=root ansible_python_interpreter=/usr/bin/python3\n`,
    );
    const ssh = `-o UserKnownHostsFile=${host.knownHosts} -o IdentitiesOnly=yes -F none`;
    const playbook = async (...more: string[]): Promise<string> => {
      const all = ['-i', inventory, '--private-key', host.identity, '--ssh-common-args', ssh, ...more];
      const given = JSON.stringify({ package: pack, node: NODE, options });
      const { stdout } = await run('ansible-playbook', [...all, '-e', given, join(SCRATCH, 'harden-mail.yml')], {
        env: {
          PATH: process.env['PATH'],
          HOME: SCRATCH,
          ANSIBLE_NOCOLOR: '1',
          ANSIBLE_PIPELINING: '1',
          LC_ALL: 'C.UTF-8',
        },
      }).catch((error: { stdout: string; stderr: string }) => ({ stdout: error.stdout + error.stderr }));
      return stdout;
    };
    copyFileSync(join(ROOT, 'examples/ansible/harden-mail.yml'), join(SCRATCH, 'harden-mail.yml'));
    await host.run('chown -R root:root /opt/harden-mail');
    await host.run('postfix reload');

    const looked = await playbook('--check', '--diff');
    assert.match(looked, /TASK \[Mail is hardened\] \*+\nchanged: /, looked);
    assert.match(looked, /\+smtpd_tls_auth_only ?= ?yes/, looked);
    assert.equal(await host.run('postconf -xh smtpd_tls_auth_only'), 'no\n');

    const done = await playbook();
    assert.match(done, /TASK \[Mail is hardened\] \*+\nchanged: /, done);
    assert.equal(await host.run('postconf -xh smtpd_tls_auth_only'), 'yes\n');

    const again = await playbook();
    assert.match(again, /TASK \[Mail is hardened\] \*+\nok: /, again);

    await host.run("sed -i '1i an unreadable = line {' /etc/dovecot/dovecot.conf");
    const failed = await playbook();
    assert.match(failed, /failed=1/, failed);
    assert.match(failed, /dovecot\.conf:1/, failed);
  });
});
