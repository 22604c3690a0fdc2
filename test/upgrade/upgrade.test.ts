/**
 * Debian's own upgrade of a hardened host, for real: what it breaks is seen, `check` says why, apply brings it back, and no
 * mail is lost.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../lab/lab.ts';
import type { LabHost } from '../lab/lab.ts';
import type { ReleaseName } from '../lab/releases.ts';
import { hardenMail, issuedBy, to } from '../e2e/cli.ts';
import { assertTidy } from '../e2e/host.ts';
import { IMAP, talkInTls } from '../e2e/talk.ts';

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

    before(async () => {
      host = await lab.host({ release: from, upgradeTo: next, mail: true, users: [ALICE] });
      const acme = await lab.acme();
      login = to(host);
      [root, flags] = await Promise.all([acme.root(), issuedBy(acme)]);
      flags = ['apply', '--yes', ...login, ...flags];
      const { code, stdout, stderr } = await hardenMail(flags);
      assert.equal(code, 0, stdout + stderr);
      for (const subject of SUBJECTS)
        await host.run(`printf 'Subject: ${subject}\\n\\ntext\\n' | /usr/sbin/sendmail ${ALICE.name}`);
      for (let tries = 0; (await subjects()).length < SUBJECTS.length && tries < 50; tries++) await sleep(200);
      assert.deepEqual(await subjects(), SUBJECTS);
    });
    after(() => host.stop());

    /** What alice reads over IMAPS. */
    async function subjects(): Promise<string[]> {
      const imap = await talkInTls({ address: host.address, port: 993, name: host.name, root });
      await imap.until(IMAP);
      await imap.ask(`a LOGIN ${ALICE.name} "${ALICE.password}"`, IMAP);
      await imap.ask('a SELECT INBOX', IMAP);
      const lines = await imap.ask('a FETCH 1:* BODY[HEADER.FIELDS (SUBJECT)]', IMAP);
      imap.end();
      return lines.flatMap((line) => /^Subject: (.*)$/.exec(line)?.[1] ?? []).sort(byOrder);
    }

    it('check --upgrade-to has told what will come', async () => {
      const { code, stdout, stderr } = await hardenMail(['check', '--upgrade-to', next, ...login]);
      assert.equal(code, breaks || next === 'trixie' ? 2 : 0, stdout + stderr);
      assert.equal(/Dovecot 2\.4\.\d does not start with these files/.test(stdout), next === 'trixie', stdout);
    });

    it('the upgrade ends as Debian has it end', async () => {
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
    });

    it('check says what is not as it should be, and why', async () => {
      const { code, stdout, stderr } = await hardenMail(['check', ...login]);
      console.log(
        stdout
          .split('\n')
          .filter((line) => !/^[-+ @]/.test(line) || /^ {2}[~·!]/.test(line))
          .join('\n'),
      );
      if (breaks) {
        assert.equal(code, 2, stdout + stderr);
        assert.match(stdout, /Dovecot's files are converted from 2\.3 to 2\.4/);
        assert.match(stdout, /configure dpkg: the upgrade could not finish .*dovecot-core/);
        assert.match(stdout, /\.(ucf|dpkg)-dist waits for a merge/);
      }
      assert.ok([0, 2, 5].includes(code), stdout + stderr);
    });

    it('apply brings it back, and dpkg has nothing left to finish', async () => {
      const { code, stdout, stderr } = await hardenMail(flags);
      assert.equal(code, 0, stdout + stderr);
      assert.equal(await host.run('dpkg --audit'), '');
      assert.equal((await host.run('systemctl is-active dovecot postfix')).trim(), 'active\nactive');
      await assertTidy(host);
    });

    it('all mail is there', async () => {
      assert.deepEqual(await subjects(), SUBJECTS);
    });

    it('a second apply has nothing to do, and check agrees', async () => {
      const { code, stdout, stderr } = await hardenMail(flags);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /ok: nothing to do, \d+ checks passed\n$/);
      const { code: well, stdout: said } = await hardenMail(['check', ...login, ...flags.slice(-2)]);
      assert.equal(well, 0, said);
    });
  });
}

function byOrder(one: string, other: string): number {
  return SUBJECTS.indexOf(one) - SUBJECTS.indexOf(other);
}
