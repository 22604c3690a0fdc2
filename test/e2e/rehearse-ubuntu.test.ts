/**
 * Rehearsals of hosts that say they are Ubuntu: the copy is the nearest Debian, the plan is that of the host, and the report begins with what such
 * a copy cannot prove. HARDEN_MAIL_REHEARSE is `all`, or the name of an Ubuntu.
 */
import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import type { UbuntuName } from '../../src/lab/ubuntu.ts';
import { hardenMail } from '../support/cli.ts';
import { rehearsalFlags, rehearseWell } from '../support/rehearsal.ts';
import { ubuntuHost } from '../support/ubuntu.ts';

const ACTS = ['as it is', 'apply', 'verify', 'rollback'];
const ALICE = { name: 'alice', password: 'wonder land' };

/** Ubuntu's own versions of packages, as dpkg on the host has them. */
const VERSIONS: Readonly<Partial<Record<UbuntuName, readonly [postfix: string, dovecot: string]>>> = {
  jammy: ['3.6.4-1ubuntu1.3', '1:2.3.16+dfsg1-3ubuntu2.4'],
  noble: ['3.8.6-1build2', '1:2.3.21+dfsg1-2ubuntu6'],
  resolute: ['3.10.6-3ubuntu1', '1:2.4.2+dfsg1-3ubuntu2'],
};

/** Dovecot's package of Debian 13 removes it where nobody has edited it. */
const OBSOLETE = '/etc/dovecot/conf.d/90-plugin.conf';

/** Files of Ubuntu's package that are others than those of Debian's, and that nobody has edited. */
const OWN_FILES = `for file in /etc/dovecot/conf.d/10-ssl.conf ${OBSOLETE}; do
  [ -f $file ] || continue
  old=$(md5sum <$file)
  sed -i '3i # As Ubuntu has it.' $file
  new=$(md5sum <$file)
  sed -i "s,^\${old%% *}  $file$,\${new%% *}  $file," /var/lib/ucf/hashfile
  grep $file /var/lib/ucf/hashfile | md5sum -c >/dev/null || exit 1
done`;

describe('harden-mail rehearse, of an Ubuntu', () => {
  const wish = (process.env['HARDEN_MAIL_REHEARSE'] ?? '').split(',');
  for (const name of ['jammy', 'noble', 'resolute'] as const) {
    if (wish[0] !== 'all' && !wish.includes(name)) continue;

    describe(name, () => {
      let host: LabHost;
      let flags: string[];

      before(async () => {
        host = await lab.host(ubuntuHost(name, { users: [ALICE] }));
        const [postfix, dovecot] = VERSIONS[name]!;
        for (const [pattern, version] of [
          ['postfix', postfix],
          ['dovecot-[a-z0-9]*', dovecot],
        ] as const)
          // oxfmt-ignore
          await host.run(`sed -i '/^Package: ${pattern}$/,/^$/s/^Version: .*/Version: ${version}/' /var/lib/dpkg/status`);
        await host.run(OWN_FILES);
        if (name === 'resolute') await host.run("sed -i 's/^dovecot_\\(config\\|storage\\)_version = .*/dovecot_\\1_version = 2.4.2/' /etc/dovecot/dovecot.conf && systemctl restart dovecot"); // oxfmt-ignore
        flags = await rehearsalFlags(host, 'ubuntu');
      });
      after(() => host?.stop());

      if (name !== 'noble')
        it('the copy plays the plan for the versions of the host, and the verdict and the report say on what', async () => {
          const state = await host.state();
          const found = await rehearseWell([...flags, '--profile', 'strict']);
          assert.deepEqual(found.acts.map((act) => act.name), ACTS); // oxfmt-ignore
          const [as, ubuntu] = name === 'jammy' ? ['Debian 12', 'Ubuntu 22.04'] : ['Debian 13', 'Ubuntu 26.04'];
          assert.deepEqual(found.nearest, { host: ubuntu, copy: as });
          assert.match(found.verdict, new RegExp(`\\(played on ${as} in place of ${ubuntu}\\)$`));
          assert.match(found.unrehearsed[0] ?? '', new RegExp(`^${ubuntu} itself: the copy is ${as} .*AppArmor`));
          const own = VERSIONS[name]![0].replaceAll(/[.+]/g, '\\$&');
          assert.ok(found.differences.some((text) => new RegExp(`^postfix is \\S+, the host has ${own}$`).test(text)), found.differences.join('\n')); // oxfmt-ignore
          assert.deepEqual(await host.state(), state, 'nothing is written on the host');
        });

      if (name === 'noble')
        it('the upgrade to the next one is that of the nearest Debians, and apply after it makes the mail work again', async function () {
          this.timeout(900_000);
          const found = await rehearseWell([...flags, '--upgrade-to', 'resolute']);
          const names = found.acts.map((act) => act.name);
          assert.deepEqual(names.slice(0, 7), [...ACTS, 'upgrade', 'apply after it', 'verify after it']);
          assert.deepEqual(found.nearest, { host: 'Ubuntu 24.04', copy: 'Debian 12', goal: 'Debian 13' });
          assert.match(found.verdict, /upgrade to Debian 13, .*\(played on Debian 12 in place of Ubuntu 24\.04\)$/);
          assert.match(found.unrehearsed[1] ?? '', /^the upgrade to Ubuntu 26\.04 itself: .*do-release-upgrade/);
          const gone = found.acts[4]?.files.filter(({ mode }) => mode === null).map(({ path }) => path);
          assert.ok(gone?.includes(OBSOLETE), 'a file that nobody has edited is removed with its package');
          assert.match(found.acts[4]?.notes.join('\n') ?? '', /^apt-get full-upgrade to trixie ended with /m);
        });

      if (name === 'jammy')
        it('an upgrade to an Ubuntu with the same nearest Debian is refused with the reason', async () => {
          const { code, stdout } = await hardenMail(['rehearse', ...flags, '--upgrade-to', 'noble']);
          assert.equal(code, 1, stdout);
          assert.match(
            stdout,
            /the copies of Ubuntu 22\.04 and Ubuntu 24\.04 have the same packages, those of Debian 12/,
          );
        });
    });
  }
});
