/**
 * Debian's own upgrade of a hardened host, for real: what it breaks is seen, `check` says why, apply brings it back, and no
 * mail is lost.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import type { ReleaseName } from '../../src/lab/images.ts';
import { hardenMail, issuedBy, to, trusting } from '../support/cli.ts';
import { assertTidy } from '../support/host.ts';
import { IMAP, talkInTls } from '../support/talk.ts';

const ALICE = { name: 'alice', password: 'wonder land' };
const SUBJECTS = ['one', 'two', 'three'];

interface Upgrade {
  readonly from: ReleaseName;
  readonly next: ReleaseName;
  /** Whose configuration files stay: the admin's, or the maintainer's new ones are taken. */
  readonly conffiles: 'old' | 'new';
  /** Dovecot does not start with what stays. */
  readonly breaks: boolean;
}

const UPGRADES: readonly Upgrade[] = [
  { from: 'bookworm', next: 'trixie', conffiles: 'old', breaks: true },
  { from: 'bookworm', next: 'trixie', conffiles: 'new', breaks: false },
  { from: 'bullseye', next: 'bookworm', conffiles: 'old', breaks: false },
];

for (const { from, next, conffiles, breaks } of UPGRADES) {
  describe(`a hardened Debian ${from} host, upgraded to ${next} with the ${conffiles} configuration files`, () => {
    let host: LabHost;
    let root: string;
    let flags: string[];
    let login: string[];
    let ca: string[];
    let kept: string[];
    let foreseen = '';

    before(async () => {
      host = await lab.host({ release: from, upgradeTo: next, mail: true, users: [ALICE] });
      const acme = await lab.acme();
      login = to(host);
      [root, ca] = await Promise.all([acme.root(), trusting(acme)]);
      flags = ['apply', '--yes', ...login, ...(await issuedBy(acme))];
      const { code, stdout, stderr } = await hardenMail(flags);
      assert.equal(code, 0, stdout + stderr);
      for (const subject of SUBJECTS)
        await host.run(`printf 'Subject: ${subject}\\n\\ntext\\n' | /usr/sbin/sendmail ${ALICE.name}`);
      do await sleep(200);
      while ((await host.run('mailq')) !== 'Mail queue is empty\n');
      kept = await inbox();
      assert.deepEqual(kept.slice(-3).sort(), ['one', 'three', 'two']);
    });
    after(() => host.stop());

    /** What alice reads over IMAPS, and the numbers by which a mail program knows what it has fetched before. */
    async function inbox(): Promise<string[]> {
      const imap = await talkInTls({ address: host.address, port: 993, name: host.name, root });
      await imap.until(IMAP);
      await imap.ask(`a LOGIN ${ALICE.name} "${ALICE.password}"`, IMAP);
      const lines = await imap.ask('a SELECT INBOX', IMAP);
      lines.push(...(await imap.ask('a UID FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]', IMAP)));
      imap.end();
      const found = (pattern: RegExp) => lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
      return [...found(/(UIDVALIDITY \d+)/), ...found(/FETCH \((UID \d+)/), ...found(/^Subject: (.*)$/)];
    }

    it('check --upgrade-to says before the upgrade whether the next Dovecot starts with these files', async () => {
      const { code, stdout, stderr } = await hardenMail(['check', '--upgrade-to', next, ...login]);
      assert.equal(code, 2, stdout + stderr);
      assert.equal(/Dovecot 2\.4\.\d does not start with these files/.test(stdout), next === 'trixie', stdout);
      foreseen = /`harden-mail apply` would change (\d+ files?, \d+ settings?)\./.exec(stdout)?.[1] ?? '';
      // Postfix 3.7 chooses a weak prime for two suites.
      if (next === 'bookworm') assert.equal(foreseen, '1 file, 1 setting');
    });

    it(`the upgrade ${breaks ? 'stops Dovecot and leaves dpkg unfinished' : 'completes, and Dovecot runs'}`, async () => {
      const keep = conffiles === 'old';
      const upgrade = [
        'export DEBIAN_FRONTEND=noninteractive',
        keep ? 'export UCF_FORCE_CONFFOLD=1' : 'export UCF_FORCE_CONFFNEW=1',
        'apt-get -q update',
        `apt-get -q -y -o Dpkg::Options::=--force-conf${keep ? 'old' : 'new'} full-upgrade </dev/null`,
      ].join('\n');
      const { code, stdout, stderr } = await host.exec(`{ ${upgrade}\n} >/root/upgrade.log 2>&1`);
      const log = stdout + stderr + (await host.run('tail -n 40 /root/upgrade.log'));
      assert.equal(code === 0, !breaks, log);
      assert.match(await host.run('cat /etc/os-release'), new RegExp(`VERSION_CODENAME=${next}`));
      const dovecot = await host.exec('systemctl is-active dovecot');
      assert.equal(dovecot.stdout.trim() === 'active', !breaks, log);
      assert.equal((await host.run('dpkg --audit')) === '', !breaks, log);
      if (!breaks) return;
      // It waits: the old release's Postfix cannot hand it to the new one's programs.
      await host.run(`printf 'Subject: meanwhile\\n\\ntext\\n' | /usr/sbin/sendmail ${ALICE.name}`);
      // Another package that an upgrade leaves half done.
      await host.run(
        "mkdir -p /tmp/halfway/DEBIAN && cd /tmp && printf 'Package: halfway\\nVersion: 1\\nArchitecture: all\\nMaintainer: lab\\nDescription: lab\\n' >halfway/DEBIAN/control && dpkg-deb -b halfway && dpkg --unpack halfway.deb",
      );
    });

    it('check reports what the upgrade leaves to do', async () => {
      const { code, stdout, stderr } = await hardenMail(['check', ...login, ...ca]);
      assert.equal(code, 2, stdout + stderr);
      // Where all files were kept, it is as much as was foreseen.
      if (conffiles === 'old') assert.equal(/drift: (\d+ files?, \d+ settings?);/.exec(stdout)?.[1], foreseen);
      if (breaks) {
        assert.match(stdout, /! `harden-mail rollback` does not lead back before this/);
        assert.match(stdout, /Dovecot's files are converted from 2\.3 to 2\.4/);
        assert.match(stdout, /configure dpkg: the upgrade could not finish .*dovecot-core.*halfway/);
      }
      if (conffiles === 'old') assert.match(stdout, /\.(ucf|dpkg)-dist waits for a merge/);
      else assert.match(stdout, /10-ssl\.conf +changed since transaction /);
    });

    it('apply succeeds, the daemons run, and dpkg has nothing left to finish', async () => {
      const { code, stdout, stderr } = await hardenMail(flags);
      assert.equal(code, 0, stdout + stderr);
      assert.equal(await host.run('dpkg --audit'), '');
      assert.equal((await host.run('systemctl is-active dovecot postfix')).trim(), 'active\nactive');
      assert.equal(await host.run("systemctl list-units --failed --plain --no-legend 'postfix*' 'dovecot*'"), '');
      if (breaks) assert.match(stdout, /no rollback: Dovecot 2\.4 does not start with the old files/);
      await assertTidy(host);
    });

    if (breaks)
      it('rollback refuses to restore files that Dovecot does not start with, and writes nothing', async () => {
        const state = await host.state();
        const { code, stdout, stderr } = await hardenMail(['rollback', '--yes', ...login]);
        assert.equal(code, 1, stdout + stderr);
        assert.match(stdout, /failed: transaction \S+ converted Dovecot's files from 2\.3 to 2\.4/);
        assert.deepEqual(await host.state(), state);
      });

    if (breaks)
      it('mail that arrived during the upgrade is delivered', async () => {
        for (
          const deadline = Date.now() + 60_000;
          (await host.run('mailq')) !== 'Mail queue is empty\n';
          await sleep(500)
        )
          assert.ok(Date.now() < deadline, await host.run('mailq'));
        const now = await inbox();
        assert.ok(now.includes('meanwhile'), now.join());
        assert.deepEqual(
          kept.filter((line) => !now.includes(line)),
          [],
        );
        kept = now;
      });

    it('alice still reads all her mail, under the same UIDs', async () => {
      assert.deepEqual(await inbox(), kept);
    });

    it('a second apply has nothing to do, and check passes', async () => {
      const { code, stdout, stderr } = await hardenMail(flags);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /ok: nothing to do, \d+ checks passed\n$/);
      const { code: well, stdout: said } = await hardenMail(['check', ...login, ...ca]);
      assert.equal(well, 0, said);
    });

    it('an apply after a reboot has nothing to do', async () => {
      await host.reboot();
      const { code, stdout, stderr } = await hardenMail(flags);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /ok: nothing to do, \d+ checks passed\n$/);
    });
  });
}
