/** A renewal by certbot's own means: every port serves the new certificate, and no client is turned away meanwhile. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, to, trusting } from '../support/cli.ts';
import { activity } from '../support/host.ts';
import { assertShown, MAIL_PORTS } from '../support/talk.ts';

/** 587 is the admin's own. */
const PORTS = [...MAIL_PORTS, 587];
const RENEW = 'certbot renew --no-random-sleep-on-renew';

describe('the renewal of a certificate', () => {
  let host: LabHost;
  let root: string;

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true });
    const acme = await lab.acme();
    root = await acme.root();
    await host.run(`postconf -M 'submission/inet=submission inet n - y - - smtpd'
      postconf -P submission/inet/smtpd_tls_security_level=encrypt`);
    const { code, stdout, stderr } = await hardenMail([
      'apply',
      '--yes',
      '--no-diff',
      ...to(host),
      ...(await issuedBy(acme)),
    ]);
    assert.equal(code, 0, stdout + stderr);
  });
  after(() => host.stop());

  const onDisk = async () =>
    new X509Certificate(await host.read(`/etc/letsencrypt/live/${host.name}/fullchain.pem`)).serialNumber;

  const assertServed = (serial: string) => assertShown(serial, PORTS, { address: host.address, name: host.name, root });

  /** Connects to every port again and again while something is done; gives what went wrong, and how often it tried. */
  async function knocking(work: () => Promise<unknown>): Promise<{ failures: string[]; tries: number }> {
    let [done, tries] = [false, 0];
    const failures: string[] = [];
    const knockers = PORTS.map(async (port) => {
      while (!done) {
        tries++;
        await new Promise<void>((resolve) => {
          const socket = connect(port, host.address);
          socket.once('connect', () => socket.destroy());
          socket.once('error', (error) => failures.push(`${port}: ${error.message}`));
          socket.once('close', () => resolve());
        });
        await sleep(100);
      }
    });
    try {
      await work();
    } finally {
      done = true;
      await Promise.all(knockers);
    }
    return { failures, tries };
  }

  it('every port serves the certificate on disk before the renewal', async () => assertServed(await onDisk()));

  it('certbot renew replaces the certificate, every port serves the new one, and no connection is refused meanwhile', async () => {
    const [before, since] = [await onDisk(), await activity(host)];
    const { failures, tries } = await knocking(async () => {
      await host.run(`${RENEW} --force-renewal`);
      await assertServed(await onDisk());
    });
    assert.notEqual(await onDisk(), before);
    assert.deepEqual(failures, []);
    assert.ok(tries > 70, `${tries}`);
    const { reloads, restarts } = await activity(host, since);
    assert.deepEqual({ reloads: reloads.toSorted(), restarts }, { reloads: ['dovecot', 'postfix'], restarts: 0 });
    const log = await host.run('journalctl -q -o cat -t harden-mail');
    assert.match(log, new RegExp(`^certificate ${host.name} was renewed: reloading Postfix and Dovecot$`, 'm'));
    assert.doesNotMatch(log, /was not reloaded/);
  });

  it('check finds no drift after the renewal', async () => {
    const { code, stdout, stderr } = await hardenMail(['check', ...to(host), ...(await trusting(await lab.acme()))]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /ok: as it should be, \d+ checks passed\n$/);
  });

  it('certbot.service, which certbot.timer starts, has every port serve a new certificate too', async () => {
    const before = await onDisk();
    await host.run(`sed -i '1i renew_before_expiry = 7000 days' /etc/letsencrypt/renewal/${host.name}.conf
      systemctl start certbot.service
      sed -i '/^renew_before_expiry = 7000 days$/d' /etc/letsencrypt/renewal/${host.name}.conf`);
    assert.notEqual(await onDisk(), before);
    await assertServed(await onDisk());
    assert.equal(
      await host.run('systemctl is-active certbot.timer; systemctl is-enabled certbot.timer'),
      'active\nenabled\n',
    );
  });

  it('certbot renew does not renew a certificate that is not due, and reloads no daemon', async () => {
    const [before, since] = [await onDisk(), await activity(host)];
    await host.run(RENEW);
    assert.equal(await onDisk(), before);
    assert.deepEqual((await activity(host, since)).reloads, []);
  });

  it('the hook succeeds and reloads no daemon after the renewal of an unrelated certificate', async () => {
    const other = `www.${host.name}`;
    await (await lab.acme()).setA(other, host.address);
    const { directory } = await lab.acme();
    await host.run(`certbot certonly -n --standalone --server ${directory} -d ${other}`);
    const since = await activity(host);
    const said = await host.run(`${RENEW} --force-renewal --cert-name ${other} 2>&1`);
    assert.doesNotMatch(said, /[Hh]ook .*(error|failed)/);
    assert.deepEqual((await activity(host, since)).reloads, []);
  });

  it('the hook succeeds and does not start a stopped daemon', async () => {
    await host.run('systemctl stop dovecot');
    try {
      const said = await host.run(`${RENEW} --force-renewal --cert-name ${host.name} 2>&1`);
      assert.doesNotMatch(said, /[Hh]ook .*(error|failed)/);
      assert.equal((await host.exec('systemctl is-active dovecot')).stdout, 'inactive\n');
    } finally {
      await host.run('systemctl start dovecot');
    }
    await assertServed(await onDisk());
  });

  it('certbot and syslog report a reload that fails', async () => {
    await host.run(`mkdir -p /run/systemd/system/dovecot.service.d
      printf '[Service]\\nExecReload=\\nExecReload=/bin/false\\n' >/run/systemd/system/dovecot.service.d/e2e.conf
      systemctl daemon-reload`);
    try {
      const { stdout, stderr } = await host.exec(`${RENEW} --force-renewal --cert-name ${host.name}`);
      assert.match(stdout + stderr, /[Hh]ook .*(error|failed)/);
      const log = await host.run('journalctl -q -o cat -t harden-mail -p err');
      assert.match(
        log,
        new RegExp(`^certificate ${host.name} was renewed, but Postfix or Dovecot was not reloaded$`, 'm'),
      );
    } finally {
      await host.run('rm -r /run/systemd/system/dovecot.service.d; systemctl daemon-reload; systemctl reload dovecot');
    }
  });

  it('check warns when certbot.timer does not run', async () => {
    await host.run('systemctl disable -q --now certbot.timer');
    try {
      const { stdout } = await hardenMail(['check', ...to(host)]);
      assert.match(
        stdout,
        /^ {2}! certbot\.timer does not run, so nothing renews the certificate: systemctl enable --now certbot\.timer/m,
      );
    } finally {
      await host.run('systemctl enable -q --now certbot.timer');
    }
  });

  it('dns prints the TLSA record of the key that is served, and nothing but records and comments', async () => {
    const { code, stdout, stderr } = await hardenMail(['dns', ...to(host)]);
    assert.equal(code, 0, stdout + stderr);
    const [, digest] =
      new RegExp(`^_25\\._tcp\\.${host.name}\\. IN TLSA 3 1 1 ([0-9a-f]{64})$`, 'm').exec(stdout) ?? [];
    const key = `openssl s_client -connect 127.0.0.1:25 -starttls smtp </dev/null 2>/dev/null | openssl x509 -noout -pubkey`;
    assert.equal(await host.run(`${key} | openssl pkey -pubin -outform DER | sha256sum`), `${digest}  -\n`);
    for (const line of stdout.trimEnd().split('\n')) assert.match(line, /^(;.*|[\w.-]+\. IN .*|)$/);
  });
});
