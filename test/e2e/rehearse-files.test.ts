/** A rehearsal of an upgrade, once with the host's own configuration files and once with those of the packages, each on a copy of its own. */
import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { rehearsalFlags, rehearse } from '../support/rehearsal.ts';

const EDITED = '/etc/dovecot/conf.d/10-master.conf';

describe('harden-mail rehearse, of an upgrade with the files of the packages', () => {
  if (!['all', 'files'].includes(process.env['HARDEN_MAIL_REHEARSE'] ?? '')) return;
  let host: LabHost;
  after(() => host?.stop());

  it('an edited file of Dovecot becomes that of its package, the report says what breaks and what apply repairs, and the verdict is about the file as it was', async function () {
    this.timeout(900_000); // two upgrades
    host = await lab.host({ release: 'bookworm', mail: true, users: [{ name: 'anna', password: 'secret' }] });
    await host.run(
      `sed -i 's,^  #unix_listener /var/spool/postfix/private/auth {,  unix_listener /var/spool/postfix/private/auth {\\n    mode = 0666\\n  },' ${EDITED} && doveconf -n >/dev/null && grep -q '^  unix_listener /var/spool' ${EDITED} && systemctl restart dovecot`,
    );
    await host.run(`postconf -e smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth smtpd_sasl_auth_enable=yes && postconf -M submission/inet='submission inet n - y - - smtpd' && systemctl restart postfix`); // oxfmt-ignore
    const { good, verdict, acts } = await rehearse([...(await rehearsalFlags(host)), '--upgrade-to', 'trixie']);
    assert.equal(good, true, verdict);
    const act = acts.at(-1)!;
    assert.equal(act.name, 'with the files of the packages', verdict);
    assert.deepEqual(act.faults, []);
    const notes = act.notes.join('\n');
    assert.match(notes, /^apt-get full-upgrade to trixie ended with 0$/m);
    assert.match(notes, new RegExp(`^in place of the host's own: .*${EDITED}`, 'm'));
    assert.match(notes, /^before apply: send by 587 worked before, and does not now: /m);
    assert.match(notes, /^apply: \d+ settings? in \d+ files changed, \d+ checks passed$/m);
    assert.doesNotMatch(notes, /^after apply: /m);
    assert.ok(!verdict.includes(act.name), verdict);
    const own = acts.find(({ name }) => name === 'upgrade');
    assert.ok(!own?.files.some(({ path }) => path === EDITED), 'the file of the host stays in the first upgrade');
  });
});
