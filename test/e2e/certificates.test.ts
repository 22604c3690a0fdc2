/** Certificates on real hosts: got by real certbot from a real ACME server, kept, and told apart from what is none. */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { BY_HAND, NO_CERTIFICATE, NOT_TO_BE_HAD } from './certificates.cases.ts';
import { assertFailure, hardenMail, issuedBy, to } from '../support/cli.ts';
import { assertTidy } from '../support/host.ts';
import { rateLimited } from './rate-limit.ts';

describe('certificates', () => {
  let host: LabHost;
  let flags: string[];

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true });
    flags = ['apply', '--yes', '--no-diff', ...to(host), ...(await issuedBy(await lab.acme()))];
    await shell('mkdir -p $LIVE; certificate $NAME $LIVE; cp -a /etc/letsencrypt /root/letsencrypt');
  });
  after(() => host.stop());

  const shell = (lines: string) =>
    host.run(`set -e; NAME=${host.name}; LIVE=/etc/letsencrypt/live/$NAME\n${BY_HAND}\n${lines}`);

  describe('made by hand that cannot be used', () => {
    beforeEach(() => shell('rm -rf /etc/letsencrypt; cp -a /root/letsencrypt /etc/letsencrypt'));
    after(() => shell('rm -rf /etc/letsencrypt; cp -a /root/letsencrypt /etc/letsencrypt'));

    for (const [what, spoil] of Object.entries(NO_CERTIFICATE)) {
      it(`apply --dry-run would request another certificate under a new name when ${what}`, async () => {
        await shell(spoil);
        const { code, stdout } = await hardenMail([...flags, '--dry-run']);
        assert.match(
          stdout,
          new RegExp(`~ certbot +would request a certificate for ${host.name}, kept as ${host.name}-0001 `),
        );
        assert.equal(code, 0, stdout);
      });
    }

    it('apply obtains another certificate and leaves the files made by hand unchanged', async () => {
      await shell(NO_CERTIFICATE['the key belongs to another certificate'] ?? '');
      const theirs = () => shell('stat -c "%n %a %U %Y" $LIVE/*; sha256sum $LIVE/*');
      const before = await theirs();
      const { code, stdout, stderr } = await hardenMail(flags);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /changed: .* checks passed$/m);
      assert.equal(stdout.match(/would request/g)?.length, 1, `what was shown is what was got:\n${stdout}`);
      assert.equal(await theirs(), before);
      const known = await host.run('certbot certificates 2>&1');
      assert.match(known, new RegExp(`Certificate Name: ${host.name}-0001$`, 'm'));
      assert.doesNotMatch(known, /invalid/);
      await assertTidy(host);
    });
  });

  describe('that the host does not have yet', () => {
    before(() => shell('rm -rf /etc/letsencrypt; cp -a /root/letsencrypt /etc/letsencrypt; rm -r $LIVE'));

    for (const { spoil, mend, ...failure } of NOT_TO_BE_HAD)
      it(`apply names the cause and leaves every configuration file unchanged when ${failure.what}`, async () => {
        await shell(spoil);
        try {
          const before = await files(host);
          assertFailure(await hardenMail(flags), failure);
          assert.deepEqual(await files(host), before);
          await assertTidy(host);
        } finally {
          await shell(mend);
        }
      });

    it('apply orders once at a rate limit (of a mock authority), and says how long the limit lasts and what to do', async () => {
      const detail =
        'too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2031-02-03 04:05:06 UTC: see https://letsencrypt.org/docs/rate-limits/';
      const mock = await rateLimited(await lab.acme(), detail);
      try {
        await host.run('rm -f /etc/letsencrypt/.certbot.lock'); // what the other certbot left behind
        const before = await files(host);
        const at = flags.indexOf('--acme-server');
        assertFailure(await hardenMail(flags.with(at + 1, mock.directory)), {
          exit: 1,
          says: /the authority's rate limit is reached \(rateLimited\), until 2031-02-03 04:05:06 UTC$/,
          todo: /^ {2}→ Wait until then; .*Mail works as before/,
        });
        assert.equal(mock.orders(), 1);
        assert.deepEqual(await files(host), before);
        await assertTidy(host);
      } finally {
        mock.close();
      }
    });

    it('apply obtains a certificate when the key of the ACME account is missing', async () => {
      await shell('find /etc/letsencrypt/accounts -name private_key.json -delete');
      const { code, stdout, stderr } = await hardenMail(flags);
      assert.equal(code, 0, stdout + stderr);
      await assertTidy(host);
    });
  });

  describe('with a fault of their own', () => {
    const lineage = '/etc/letsencrypt/live/$NAME';

    it('check warns about a private key that every user can read, with the command that fixes it', async () => {
      await shell(`chmod 755 /etc/letsencrypt/live /etc/letsencrypt/archive; chmod 644 ${lineage}/privkey.pem`);
      const told = () =>
        hardenMail(['check', ...flags.slice(3).filter((flag) => flag !== '--acme-server' && !/^https/.test(flag))]);
      const { stdout } = await told();
      assert.match(stdout, /privkey\.pem can be read by every user of the host: chmod o= "\$\(readlink -f \S+\)"/);
      await shell(`chmod o= "$(readlink -f ${lineage}/privkey.pem)"`);
      assert.doesNotMatch((await told()).stdout, /can be read by every user/);
    });

    it('apply keeps a revoked certificate that is still on disk, because no file on the host shows the revocation', async () => {
      const { directory } = await lab.acme();
      await shell(`certbot revoke -n --no-delete-after-revoke --server ${directory} --cert-name $NAME`);
      const { code, stdout } = await hardenMail(flags);
      assert.match(stdout, /ok: nothing to do/);
      assert.equal(code, 0);
    });

    it('apply obtains a certificate under the same name when the old one was revoked and deleted', async () => {
      const { directory } = await lab.acme();
      const serial = () => shell(`openssl x509 -noout -serial -in ${lineage}/cert.pem`);
      const before = await serial();
      await shell(`certbot revoke -n --delete-after-revoke --server ${directory} --cert-name $NAME --reason superseded 2>&1 ||
        certbot delete -n --cert-name $NAME`);
      const { code, stdout, stderr } = await hardenMail(flags);
      assert.equal(code, 0, stdout + stderr);
      assert.notEqual(await serial(), before);
      await assertTidy(host);
    });

    it('apply uses the next free name when only the renewal file of a certificate is left', async () => {
      await shell('rm -r $LIVE /etc/letsencrypt/archive/$NAME');
      const { code, stdout, stderr } = await hardenMail(flags);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, new RegExp(`would request a certificate for ${host.name}, kept as ${host.name}-0001 `));
      await assertTidy(host);
    });
  });
});

/** To the byte, and whose they are; but for certbot's own notes (account, each key and request that it made). */
async function files(host: LabHost): Promise<string[]> {
  return Object.entries(await host.state())
    .filter(([path, { type }]) => type !== 'd' && !/^\/etc\/letsencrypt\/(accounts|csr|keys|live\/README)/.test(path))
    .map(([path, { type, mode, owner, link, sha256 }]) => `${path} ${type} ${mode} ${owner} ${link} ${sha256}`)
    .sort();
}
