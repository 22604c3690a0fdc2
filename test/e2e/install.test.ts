/** A Debian 12 host without any mail package. */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, to } from '../support/cli.ts';
import { activity, assertTidy, mark, writtenSince } from '../support/host.ts';

/** Package, and what its version looks like on Debian 12. */
const PACKAGES = [
  ['postfix', '3\\.7\\.\\d+-\\S+'],
  ['dovecot-imapd', '1:2\\.3\\.19\\.\\S+'],
  ['dovecot-pop3d', '1:2\\.3\\.19\\.\\S+'],
  ['certbot', '2\\.1\\.0-\\S+'],
] as const;

const WOULD_FOLLOW = [
  'smtpd_sasl_type = dovecot',
  'smtpd_sasl_auth_enable = yes',
  'auth_mechanisms = plain login',
  'smtpd_tls_security_level = may',
  'smtpd_tls_wrappermode = yes',
  'smtpd_tls_auth_only = yes',
  'disable_plaintext_auth = yes',
  'ssl = required',
];

describe('a host without mail packages', () => {
  let host: LabHost;
  let flags: string[];
  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: false });
    flags = [...to(host), ...(await issuedBy(await lab.acme()))];
  });
  after(() => host.stop());

  it('a dry run lists the packages to install and the settings that would follow, and writes nothing', async () => {
    await mark(host);
    const { code, stdout, stderr } = await hardenMail(['apply', '--dry-run', ...flags]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, / · no Postfix · no Dovecot$/m);
    const versions = PACKAGES.map(([name, version]) => `${name} ${version}`).join(', ');
    assert.match(stdout, new RegExp(`^  ~ install +would install ${versions}$`, 'm'));
    const certificate = `/etc/letsencrypt/live/${host.name}/fullchain.pem`;
    for (const setting of [...WOULD_FOLLOW, `smtpd_tls_cert_file = ${certificate}`, `ssl_cert = <${certificate}`])
      assert.ok(stdout.includes(` ${setting}\n`), `${setting} in:\n${stdout}`);
    for (const task of ['sasl', 'starttls', 'smtps', 'plaintext', 'dovecot-ssl'])
      assert.match(stdout, new RegExp(`^  \\? ${task} .*known after the install$`, 'm'));
    assert.doesNotMatch(stdout, /✔ restart/, 'no claim about daemons that are not there');
    assert.match(stdout, /Plan: 4 packages, 1 certificate, \d+ settings.* Nothing was written\.\n$/);
    assert.deepEqual(await writtenSince(host), []);
    assert.deepEqual(await host.state(), {});
  });

  it('apply installs the packages, reads the host again, shows the diff, and changes the settings', async function () {
    this.timeout(600_000);
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...flags]);
    assert.equal(code, 0, stdout + stderr);
    const steps = stderr.split('\n').map((line) => line.replace(/^\S+: /, ''));
    const told = ['gather', 'install', 'certificate', 'commit'];
    const order = ['gather', 'install', 'gather', 'certificate', 'gather', 'commit'];
    assert.deepEqual(
      steps.filter((step) => told.includes(step)),
      order,
    );
    const [would = -1, then = -1, diff = -1] = [
      /^ {2}~ install +would install/m,
      /^ {2}✔ install +.* are there$/m,
      /^--- \/etc\/postfix\/main\.cf$/m,
    ].map((line) => stdout.search(line));
    assert.ok(0 <= would && would < then && then < diff, stdout);
    assert.match(stdout, /changed: \d+ settings in 6 files \(transaction [^)]+\), \d+ checks passed$/m);
    const status = await host.run(
      `dpkg-query -W -f '\${Package} \${Status}\n' ${PACKAGES.map(([name]) => name).join(' ')}`,
    );
    for (const [name] of PACKAGES) assert.match(status, new RegExp(`^${name} install ok installed$`, 'm'));
    assert.equal(await host.run('cat /etc/mailname'), `${host.name}\n`);
    assert.equal(await host.run('postconf -h myhostname'), `${host.name}\n`);
  });

  it('a second apply has nothing to do', async () => {
    const [state, since] = await Promise.all([host.state(), activity(host)]);
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...flags]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^\S+ {2}ok: nothing to do, \d+ checks passed\n$/);
    assert.deepEqual(await host.state(), state);
    assert.deepEqual((await activity(host, since)).reloads, []);
    await assertTidy(host);
  });

  it('apply completes a package that dpkg left half-configured', async () => {
    // As dpkg leaves it when a daemon does not start in the middle of an upgrade.
    await host.run(
      "sed -i '/^Package: dovecot-imapd$/,/^$/s/^Status: .*/Status: install ok half-configured/' /var/lib/dpkg/status",
    );
    assert.match(await host.run('dpkg --audit'), /dovecot-imapd/);
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--no-diff', ...flags]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^ {2}~ install +would install dovecot-imapd/m);
    assert.match(stdout, /changed: the missing parts are installed, \d+ checks passed$/m);
    assert.equal(await host.run('dpkg --audit'), '');
  });
});
