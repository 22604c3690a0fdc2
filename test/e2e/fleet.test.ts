/** Several hosts of an inventory, one of them dead. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { credentials, hardenMail, issuedBy, scratch, startInTerminal } from '../support/cli.ts';
import { activity, assertTidy } from '../support/host.ts';

interface Document {
  readonly version: number;
  readonly command: string;
  readonly dryRun: boolean;
  readonly exit: number;
  readonly hosts: readonly {
    readonly host: string;
    readonly outcome: string;
    readonly exit: number;
    readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
    readonly transaction?: string;
    readonly seconds: number;
    readonly facts: {
      readonly os: string;
      readonly postfix: string;
      readonly dovecot: string;
      readonly hostname: string;
    } | null;
    readonly plan: {
      readonly tasks: readonly { readonly name: string; readonly state: string; readonly summary: string }[];
      readonly settings: readonly unknown[];
      readonly files: readonly { readonly path: string; readonly diff: string }[];
    } | null;
    readonly findings: readonly { readonly port: number; readonly status: string }[];
  }[];
}

interface Inventory {
  readonly hosts: Readonly<Record<string, { readonly hostname: string }>>;
}

describe('an inventory of two hosts that answer and a dead one', () => {
  let hosts: LabHost[];
  let inventory: string;
  let flags: string[];

  before(async () => {
    hosts = await Promise.all([lab.host({ mail: true }), lab.host({ mail: true })]);
    const [{ address, identity }] = hosts as [LabHost];
    // The last address of the run's network: nobody is there.
    const dead = address.replace(/\d+$/, (last) => `${(Number(last) & ~15) + 14}`);
    const entries = hosts.map(({ name, address: hostname }) => [name, { hostname }]);
    inventory = scratch(
      'inventory.json',
      JSON.stringify({
        defaults: { user: 'root' },
        hosts: { ...Object.fromEntries(entries), 'dead.test': { hostname: dead } },
      }),
    );
    const knownHosts = scratch(
      'known_hosts',
      (await Promise.all(hosts.map(async ({ knownHosts }) => readFile(knownHosts, 'utf8')))).join(''),
    );
    flags = ['--inventory', inventory, '--connect-timeout', '5', ...credentials({ identity, knownHosts })];
    flags.push(...(await issuedBy(await lab.acme())));
  });
  after(() => Promise.all(hosts.map((host) => host.stop())));

  const names = () => hosts.map(({ name }) => name);
  const untouched = () => Promise.all(hosts.map((host) => host.state()));

  it('--limit with a name that the inventory lacks is an error, and the error lists the hosts', async () => {
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--limit', 'nosuch*', ...flags]);
    assert.equal(code, 3);
    assert.equal(stdout, '');
    const known = [...names(), 'dead.test'].join(', ');
    assert.equal(
      stderr,
      `harden-mail: --limit nosuch* matches no host and no group of the inventory\n  → The inventory has: ${known}.\n`,
    );
  });

  it('a dry run with --limit reads only the selected host', async () => {
    const before = await untouched();
    const [first = '', second = ''] = names();
    const { code, stdout, stderr } = await hardenMail([
      'apply',
      '--dry-run',
      '--no-diff',
      '--limit',
      `${second.split('.')[0]}.*`,
      ...flags,
    ]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`^${second}  Plan: .* Nothing was written\\.$`, 'm'));
    assert.ok(!(stdout + stderr).includes(first), stdout + stderr);
    assert.ok(!(stdout + stderr).includes('dead.test'));
    assert.deepEqual(await untouched(), before);
  });

  it('a dry run shows the same plan of two hosts once', async () => {
    const { code, stdout } = await hardenMail(['apply', '--dry-run', '--limit', 'mx*', ...flags]);
    assert.equal(code, 0);
    const [first, second] = names();
    assert.match(stdout, new RegExp(`^${first}, ${second}: the same plan, except for the domain of each$`, 'm'));
    assert.equal(stdout.match(/^--- \/etc\/postfix\/main\.cf$/gm)?.length, 1);
    assert.match(stdout, /^2 hosts: 2 to be changed$/m);
  });

  it('apply --serial 1 does not begin the next host after a failure', async () => {
    const [one, two] = hosts as [LabHost, LabHost];
    await one.run('ln /etc/postfix/master.cf /srv/second-name');
    const postfix = () => two.run('cat /etc/postfix/*.cf');
    const before = await postfix();
    const { code, stdout } = await hardenMail([
      'apply',
      '--yes',
      '--no-diff',
      '--serial',
      '1',
      '--limit',
      'mx*',
      ...flags,
    ]);
    await one.run('rm /srv/second-name');
    assert.equal(code, 1, stdout);
    assert.match(stdout, new RegExp(`^${one.name}  failed: .* has a second name`, 'm'));
    assert.match(stdout, new RegExp(`^${two.name}  failed: not begun: 1 of the 1 before it failed$`, 'm'));
    assert.match(stdout, /^2 hosts: 2 failed$/m);
    assert.equal(await postfix(), before);
    await assertTidy(two);
  });

  it('apply --json reports the changes of the hosts that answer and the error of the dead one', async () => {
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--json', ...flags]);
    assert.equal(code, 4, stderr);
    const document = JSON.parse(stdout) as Document;
    const { version, command, dryRun, exit: whole, hosts: told } = document;
    assert.deepEqual(
      { version, command, dryRun, whole, hosts: told.map(({ host }) => host) },
      { version: 1, command: 'apply', dryRun: false, whole: 4, hosts: [...names(), 'dead.test'] },
    );
    for (const [index, { outcome, exit, transaction, facts, plan, findings, seconds }] of document.hosts
      .slice(0, 2)
      .entries()) {
      assert.deepEqual({ outcome, exit }, { outcome: 'changed', exit: 0 });
      assert.match(transaction ?? '', /^\d{8}T\d{6}Z-[0-9a-f]{4}$/);
      assert.deepEqual(facts, {
        os: 'Debian GNU/Linux 12 (bookworm)',
        postfix: '3.7.11',
        dovecot: '2.3.19.1',
        hostname: hosts[index]?.name,
      });
      assert.deepEqual(
        plan?.tasks.map(({ name }) => name),
        ['install', 'certbot', 'sasl', 'starttls', 'smtps', 'plaintext', 'dovecot-ssl', 'restart'],
      );
      assert.equal(plan.files.length, 6);
      for (const { path, diff } of plan.files) assert.ok(diff.includes(`+++ ${path}\n@@ `), diff);
      assert.ok(plan.settings.length > 20);
      assert.deepEqual([...new Set(findings.map(({ port }) => port))], [25, 110, 143, 465, 993, 995]);
      assert.deepEqual(
        findings.filter(({ status }) => status !== 'pass'),
        [],
      );
      assert.ok(seconds > 0);
    }
    const dead = document.hosts[2];
    assert.deepEqual(
      { outcome: dead?.outcome, exit: dead?.exit, error: dead?.error?.code, plan: dead?.plan },
      { outcome: 'failed', exit: 4, error: 'CONNECTION_TIMEOUT', plan: null },
    );
    assert.match(dead?.error?.message ?? '', /^198\.18\.0\.\d+:22: the host cannot be reached$/);
    assert.match(dead?.error?.hint ?? '', /host up|firewall/);
  });

  it('apply --serial 1 --max-fail 1 changes the next host after one failure', async () => {
    const [one, two] = hosts as [LabHost, LabHost];
    const file = '/etc/dovecot/conf.d/10-ssl.conf';
    const [ofOne, ofTwo] = await Promise.all([one.read(file), two.read(file)]);
    for (const host of [one, two]) await host.run(`sed -i '/^ssl_min_protocol = /d' ${file}`);
    await one.run(`ln ${file} /srv/second-name`);
    const args = ['apply', '--yes', '--no-diff', '--limit', 'mx*', ...flags];
    const { code, stdout } = await hardenMail([...args, '--serial', '1', '--max-fail', '1']);
    await one.run('rm /srv/second-name');
    assert.equal(code, 1, stdout);
    assert.match(stdout, new RegExp(`^${one.name}  failed: .* has a second name`, 'm'));
    assert.match(stdout, new RegExp(`^${two.name}  changed: 1 setting in 1 file`, 'm'));
    assert.deepEqual(await two.read(file), ofTwo);
    const { stdout: again } = await hardenMail(args);
    assert.match(again, /^2 hosts: 1 changed, 1 ok$/m);
    assert.deepEqual(await one.read(file), ofOne);
  });

  it('a second apply with --forks 1 has nothing to do on the hosts that answer', async () => {
    const [before, since] = await Promise.all([untouched(), Promise.all(hosts.map((host) => activity(host)))]);
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--forks', '1', ...flags]);
    assert.equal(code, 4, stdout + stderr);
    for (const name of names())
      assert.match(stdout, new RegExp(`^${name}  ok: nothing to do, \\d+ checks passed$`, 'm'));
    assert.match(
      stdout,
      /^dead\.test {2}failed: .*\n {2}→ .*\nhost .*\n(?:\S+ +(?:ok|failed) .*\n){3}3 hosts: 2 ok, 1 failed\n$/m,
    );
    assert.deepEqual(await untouched(), before);
    for (const [index, host] of hosts.entries()) {
      assert.deepEqual((await activity(host, since[index])).reloads, []);
      await assertTidy(host);
    }
  });

  it('an inventory of Ansible reaches the same hosts, and --limit takes those that a run did not end with 0', async () => {
    const lines = hosts.map(({ name, address }) => `${name} ansible_host=${address} ansible_user=root`);
    const dead = (JSON.parse(await readFile(inventory, 'utf8')) as Inventory).hosts['dead.test']?.hostname ?? '';
    const ini = scratch('hosts.ini', `[mail]\n${lines.join('\n')}\n[rest]\ndead.test ansible_host=${dead}\n`);
    const way = ['--inventory', ini, ...flags.slice(2)];
    const listed = await hardenMail(['check', '--list-hosts', ...way]);
    assert.match(listed.stdout, new RegExp(`^${names()[0]} +root@${hosts[0]?.address} {2}\\(mail\\)$`, 'm'));

    const whole = await hardenMail(['check', '--json', ...way]);
    assert.equal(whole.code, 4, whole.stderr);
    const outcomes = (JSON.parse(whole.stdout) as Document).hosts.map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ['checked', 'checked', 'failed']);
    const again = await hardenMail([
      'check',
      '--list-hosts',
      '--limit',
      `@${scratch('run.json', whole.stdout)}`,
      ...way,
    ]);
    assert.match(again.stdout, /^dead\.test .*\n$/);
  });

  it('from cron, check --quiet prints nothing while the hosts are as they should be', async () => {
    const cron = { HARDEN_MAIL_PROGRESS: '' };
    assert.deepEqual(await hardenMail(['check', '--quiet', '--limit', '!dead.test', ...flags], cron), {
      code: 0,
      stdout: '',
      stderr: '',
    });
    const [line, ...rest] = (await hardenMail(['check', '--limit', '!dead.test', ...flags], cron)).stderr.split('\n');
    assert.deepEqual([line, rest], ['', []]);
  });

  it('check --format nagios and prometheus speak of a host that has drifted as these systems expect', async () => {
    const [one] = hosts as [LabHost];
    await one.run('postconf -e smtpd_tls_auth_only=no');
    const check = (format: string) => hardenMail(['check', '--format', format, '--limit', '!dead.test', ...flags]);
    const nagios = await check('nagios');
    assert.equal(nagios.code, 1, nagios.stdout);
    assert.match(nagios.stdout, /^HARDEN_MAIL WARNING: 1 of 2 hosts need attention \| hosts=2;;;0 drifted=1;0;;0;2 /);
    assert.match(nagios.stdout, new RegExp(`^WARNING: ${one.name}: drift: `, 'm'));
    const prometheus = await check('prometheus');
    assert.equal(prometheus.code, 2);
    assert.match(prometheus.stdout, new RegExp(`^harden_mail_host_drifted\\{host="${one.name}"\\} 1$`, 'm'));
    await one.run('postconf -e smtpd_tls_auth_only=yes; postfix reload');
  });

  it('a terminal of 24 lines shows the hosts at work and the counts of 40 hosts, and the dead host delays no other', async () => {
    const { hosts: entries } = JSON.parse(await readFile(inventory, 'utf8')) as { hosts: Record<string, unknown> };
    const [one, two, dead] = Object.values(entries);
    const many = Array.from({ length: 39 }, (_, n) => [`n${n + 2}.test`, n % 2 ? one : two] as const);
    const fleet = scratch('fleet.json', JSON.stringify({ hosts: { 'n1.test': dead, ...Object.fromEntries(many) } }));
    const [, , ...rest] = flags.slice(0, flags.indexOf('--acme-server'));
    const terminal = startInTerminal(
      ['history', '--no-diff', '--color', 'never', '--user', 'root', '--inventory', fleet, ...rest],
      {},
      { rows: 24, columns: 80 },
    );
    const { code, stdout, stderr } = await terminal.done;
    assert.equal(code, 4, stdout);
    const drawn = stderr.replaceAll(/\u001b\[\?7[lh]|\r\u001b\[\d+A\u001b\[J|\r/g, '');
    assert.match(drawn, /^\S n1\.test {2}connect/m);
    assert.match(drawn, /^40 hosts: 10 at work, 30 waiting$/m);
    // Its connection times out after 5 s: by then others have been through.
    assert.match(drawn, /^40 hosts: [1-9]\d* done, \d+ at work/m);
    const heights = [...stderr.matchAll(/\u001b\[(\d+)A/g)].map(([, height]) => Number(height));
    assert.ok(heights.length > 3 && Math.max(...heights) < 24, heights.join(' '));
    assert.ok(stderr.endsWith('\u001b[J'), 'the lines are gone at the end');
    assert.match(stdout, /^40 hosts: 1 failed, 39 read$/m);
  });
});
