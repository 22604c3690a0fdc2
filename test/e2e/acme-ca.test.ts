/** An authority whose own HTTPS nobody on the host trusts, named by --acme-ca: at the first issue, and at renewals by the timer. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { X509Certificate } from 'node:crypto';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { assertFailure, hardenMail, issuedBy, scratch, to } from '../support/cli.ts';
import { assertTidy } from '../support/host.ts';

const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

describe('an authority whose HTTPS certificate the host does not trust', () => {
  let host: LabHost;
  let flags: string[];
  let ca: string[];

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true });
    const acme = await lab.acme();
    flags = ['apply', '--yes', '--no-diff', ...to(host), ...(await issuedBy(acme))];
    // The file of an admin may hold more than certificates.
    const secret = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n';
    ca = ['--acme-ca', scratch('acme.pem', secret + (await readFile(acme.caFile, 'utf8')))];
    await host.run(`cat /etc/ssl/certs/ssl-cert-snakeoil.pem >${BUNDLE}`);
  });
  after(() => host.stop());

  const serial = async () =>
    new X509Certificate(await host.read(`/etc/letsencrypt/live/${host.name}/fullchain.pem`)).serialNumber;

  it('apply without --acme-ca fails and names the option as the next step', async () => {
    assertFailure(await hardenMail(flags), { exit: 1, says: /does not trust the authority at/, todo: /--acme-ca/ });
  });

  it('apply --acme-ca obtains a certificate, leaves the trust store of the host unchanged, and copies no private key', async () => {
    const bundle = await host.run(`sha256sum ${BUNDLE}`);
    const { code, stdout, stderr } = await hardenMail([...flags, ...ca]);
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await host.run(`sha256sum ${BUNDLE}`), bundle);
    assert.equal((await host.exec('grep -rl c2VjcmV0 /etc /var/lib/harden-mail /tmp')).stdout, '');
    await assertTidy(host);
  });

  it('a second apply --acme-ca has nothing to do', async () => {
    const { code, stdout } = await hardenMail([...flags, ...ca]);
    assert.match(stdout, /ok: nothing to do, \d+ checks passed\n$/);
    assert.equal(code, 0);
  });

  it('certbot.service renews the certificate without a daemon-reload, and only this service trusts the authority', async () => {
    const before = await serial();
    assert.equal(await host.run('systemctl show -p NeedDaemonReload --value certbot.service'), 'no\n');
    await host.run(`sed -i '1i renew_before_expiry = 7000 days' /etc/letsencrypt/renewal/${host.name}.conf
      systemctl start certbot.service
      sed -i '/^renew_before_expiry = 7000 days$/d' /etc/letsencrypt/renewal/${host.name}.conf`);
    assert.notEqual(await serial(), before);
    assert.equal(
      (await host.exec(`certbot renew --dry-run --no-random-sleep-on-renew`)).code,
      1,
      'only the service trusts it',
    );
  });

  it('a rollback removes the authority from the disk and from certbot.service, and systemd has loaded the change', async () => {
    const { code, stdout, stderr } = await hardenMail(['rollback', '--yes', '--no-diff', ...to(host), ...ca]);
    assert.equal(code, 0, stdout + stderr);
    const shown = await host.run(
      'systemctl show -p Environment -p NeedDaemonReload certbot.service; ls /etc/letsencrypt',
    );
    assert.doesNotMatch(shown, /REQUESTS_CA_BUNDLE|NeedDaemonReload=yes|harden-mail-acme-ca/);
  });
});
