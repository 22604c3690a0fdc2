/** Ubuntu's releases, as hosts of the nearest Debian with Ubuntu's identity; and a system that is built on Debian. */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, to, trusting } from '../support/cli.ts';
import { assertTidy } from '../support/host.ts';
import { asRaspberryPi, ubuntuHost } from '../support/ubuntu.ts';

const ALICE = { name: 'alice', password: 'wonder land' };

for (const { codename, name, next, converts } of [
  { codename: 'jammy', name: 'Ubuntu 22.04', next: 'noble', converts: false },
  { codename: 'noble', name: 'Ubuntu 24.04', next: 'resolute', converts: true },
  { codename: 'resolute', name: 'Ubuntu 26.04', next: null, converts: false },
] as const) {
  describe(`a host with the identity of ${name}`, () => {
    let host: LabHost;
    let flags: string[];
    let login: string[];

    before(async function () {
      this.timeout(900_000);
      host = await lab.host(ubuntuHost(codename, { users: [ALICE] }));
      login = to(host, 'ubuntu');
      flags = [...login, ...(await issuedBy(await lab.acme()))];
    });
    after(() => host.stop());

    it('is hardened, the plan says what it is tested as, and a second run has nothing to do', async () => {
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...flags]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, new RegExp(`${name} is tested as Debian 1[23] with Ubuntu's identity: not proved are `));
      await assertTidy(host);
      const env = { HARDEN_MAIL_PROBE_PASSWORD: ALICE.password };
      const ca = await trusting(await lab.acme());
      const probed = await hardenMail(['verify', '-v', ...login, ...ca, '--probe-user', 'alice'], env);
      assert.equal(probed.code, 0, probed.stdout + probed.stderr);
      const again = await hardenMail(['apply', '--yes', ...flags]);
      assert.match(again.stdout, /ok: nothing to do/, again.stdout + again.stderr);
    });

    if (next === null)
      it('check --upgrade-to has no later release with long-term support, and refuses its own and an earlier one', async () => {
        for (const release of ['resolute', 'noble']) {
          const { code, stdout, stderr } = await hardenMail(['check', '--upgrade-to', release, ...login]);
          assert.equal(code, 3, stdout + stderr);
          assert.match(stdout + stderr, /Ubuntu with long-term support upgrades one release at a time/);
        }
      });
    else
      it(`check --upgrade-to ${next} ${converts ? 'shows the conversion' : 'has nothing to convert'}; another step than the next is refused`, async () => {
        const { code, stdout, stderr } = await hardenMail(['check', '--upgrade-to', next, ...login]);
        assert.equal(code, converts ? 2 : 0, stdout + stderr);
        assert.equal(/Dovecot 2\.4\.2 does not start with these files/.test(stdout), converts, stdout);
        const wrong = await hardenMail(['check', '--upgrade-to', 'trixie', ...login]);
        assert.equal(wrong.code, 3, wrong.stdout + wrong.stderr);
        assert.match(wrong.stdout + wrong.stderr, /Debian upgrades one release at a time: to trixie from bookworm/);
      });
  });
}

describe('a host with the identity of Raspberry Pi OS', () => {
  let host: LabHost;
  before(async () => {
    host = await lab.host({ mail: true, users: [ALICE], setup: asRaspberryPi });
  });
  after(() => host.stop());

  it('is refused, and with --assume-os it is treated as the Debian that it is built on', async () => {
    const flags = ['apply', '--yes', ...to(host), ...(await issuedBy(await lab.acme()))];
    const refused = await hardenMail(flags);
    assert.equal(refused.code, 1, refused.stdout + refused.stderr);
    assert.match(
      refused.stdout,
      /runs Raspbian GNU\/Linux 12 \(bookworm\), not Debian or Ubuntu\n.*built on Debian 12 \(bookworm\): --assume-os/,
    );
    const { code, stdout, stderr } = await hardenMail([...flags, '--assume-os']);
    assert.equal(code, 0, stdout + stderr);
    assert.match(
      stdout,
      /Raspbian GNU\/Linux 12 \(bookworm\), treated as Debian 12, as --assume-os says: no test of harden-mail runs on it/,
    );
    const again = await hardenMail([...flags, '--assume-os']);
    assert.match(again.stdout, /ok: nothing to do/, again.stdout + again.stderr);
  });
});
