/** Every Debian that is supported, as real hosts: stock → dry run → apply → the recipe's own tests → apply again. */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import type { ReleaseName } from '../../src/lab/images.ts';
import { hardenMail, issuedBy, to, trusting } from '../support/cli.ts';
import { activity, assertContent, assertTidy, mark, writtenSince } from '../support/host.ts';
import { recipesOwnTests } from '../support/stories/recipe.ts';
import { seesWhatRuns } from '../support/stories/opt-ins.ts';

const ALICE = { name: 'alice', password: 'wonder land' };

/** What a release must be found to be, by its own packages. */
const RELEASES: Readonly<Partial<Record<ReleaseName, RegExp>>> = {
  bullseye: /Debian GNU\/Linux 11 .*Postfix 3\.5\.\d+ · Dovecot 2\.3\.13/,
  trixie: /Debian GNU\/Linux 13 .*Postfix 3\.10\.\d+ · Dovecot 2\.4\.1/,
  forky: /Debian GNU\/Linux .*forky.*Postfix 3\.1\d\.\d+ · Dovecot 2\.4\.\d/,
};

for (const [release, headline] of Object.entries(RELEASES) as [ReleaseName, RegExp][]) {
  describe(`the recipe, on a stock Debian ${release} mail host`, () => {
    let host: LabHost;
    let root: string;
    let flags: string[];
    let ca: string[];

    before(async function () {
      this.timeout(900_000); // its image is built, once
      host = await lab.host({ release, mail: true, users: [ALICE] });
      const acme = await lab.acme();
      [root, flags, ca] = await Promise.all([acme.root(), issuedBy(acme), trusting(acme)]);
      flags.push(...to(host));
    });
    after(() => host.stop());

    it('a dry run names the versions of the release and writes nothing', async () => {
      const state = await host.state();
      const { code, stdout, stderr } = await hardenMail(['apply', '--dry-run', ...flags]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, headline);
      assert.deepEqual(await host.state(), state);
    });

    it('apply changes the settings and passes every check', async () => {
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...flags]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /changed: \d+ settings in \d+ files \(transaction [^)]+\), \d+ checks passed$/m);
      await assertTidy(host);
    });

    it('the checks of the daemons report nothing', () => assertContent(host));

    recipesOwnTests(ALICE, () => ({ host, root }));

    it('verify passes every check, and logs alice in on each port', async () => {
      const env = { HARDEN_MAIL_PROBE_PASSWORD: ALICE.password };
      const { code, stdout, stderr } = await hardenMail(
        ['verify', '-v', ...to(host), ...ca, '--probe-user', 'alice'],
        env,
      );
      assert.equal(code, 0, stdout + stderr);
      assert.doesNotMatch(stdout, /[✖·]|seen through SSH/);
    });

    seesWhatRuns(() => ({ host, flags: [...to(host), ...ca] }));

    it('a second apply has nothing to do: it writes no file and reloads no daemon', async () => {
      const since = await activity(host);
      await mark(host);
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...flags]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^\S+ {2}ok: nothing to do, \d+ checks passed\n$/);
      const { reloads, restarts } = await activity(host, since);
      assert.deepEqual({ reloads, restarts }, { reloads: [], restarts: 0 });
      assert.deepEqual(await writtenSince(host, '/etc', '/usr', '/var/lib/harden-mail'), []);
    });
  });
}
