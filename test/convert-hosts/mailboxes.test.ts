/** Proof with mailboxes: a conversion that would lose a user's mailboxes stops before it goes live, and a right one passes. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../src/lab/lab.ts';
import type { Receipt } from '../../src/model/index.ts';
import { hardenMail, scratch, start as begin, to, type Outcome } from '../support/cli.ts';
import { arm, hold, installGates } from '../support/faults/gates.ts';
import { inflict } from '../support/faults/faults.ts';
import { atRest } from '../support/faults/state.ts';
import { transact } from '../support/transact.ts';
import {
  ask,
  bootFor,
  CERTIFICATE,
  KEY,
  put,
  take,
  prepare,
  readConfiguration,
  ROOT,
  start,
} from '../support/convert-hosts/pair.ts';

type Files = Readonly<Record<string, string>>;

/** `npm test` takes a part of Maildir alone; `npm run test:convert-hosts` all of it, the other formats, databases and many users. */
const WHOLE = process.env['HARDEN_MAIL_CONVERT_HOSTS'] === 'all';

const LIST = '/var/lib/harden-mail/mailboxes';
/** Every byte, name, mode, owner and time of mail; and what a round leaves in memory. */
const TREE = `for at in /home /var/mail /var/vmail /srv; do find $at -printf '%p %s %m %U %G %T@ %C@\\n' | sort; find $at -type f -exec sha256sum {} + | sort; done
  ls /run/harden-mail 2>&1; mount | grep -c harden-mail`;

describe('mailboxes of users as the proof of a conversion', () => {
  let old: LabHost;
  let now: LabHost;
  let trust: string[];
  before(async function () {
    this.timeout(0);
    [old, now] = await Promise.all([bootFor('bookworm', 'mx1.convert.test'), bootFor('trixie', 'mx2.convert.test')]);
    trust = ['--cert', CERTIFICATE, '--key', KEY, '--ca', scratch('root.pem', String(await now.read(ROOT)))];
  });
  after(async () => {
    await Promise.all([old?.stop(), now?.stop()]);
  });

  const run = (host: LabHost, command: string, ...more: string[]): Promise<Outcome> =>
    hardenMail([command, '--no-diff', ...to(host), ...trust, ...more]);
  const apply = (...more: string[]): Promise<Outcome> => run(now, 'apply', '--yes', ...more);
  const record = (...more: string[]): Promise<Outcome> => run(old, 'check', '--upgrade-to', 'trixie', '--record', ...more); // oxfmt-ignore

  /** Seeds a configuration on 2.3. */
  async function seed(name: string): Promise<void> {
    const data = readConfiguration(name);
    await Promise.all([prepare(old, name, data, 'old'), prepare(now, name, data, 'new')]);
    await start(old);
    await ask(old, 'seed', data);
  }
  /** Moves it, with the list, to a host where systemd has given up on Dovecot; the old files are kept. */
  async function upgrade(name: string): Promise<void> {
    await put(now, await take(old, readConfiguration(name)), readConfiguration(name));
    const { code } = await old.exec(`[ -e ${LIST} ]`);
    if (code === 0) await now.write('/root/list', await old.read(LIST));
    await now.run('rm -rf /root/old; cp -a /etc/dovecot /root/old');
    await asUpgraded();
  }
  async function asUpgraded(): Promise<void> {
    await now.exec('systemctl stop dovecot; rm -rf /etc/dovecot; cp -a /root/old /etc/dovecot; for n in 1 2 3 4 5 6; do systemctl start dovecot; done'); // oxfmt-ignore
  }
  async function list(has: boolean): Promise<void> {
    await now.run(`rm -f ${LIST}; ${has ? `mkdir -p ${LIST.replace(/\/[^/]*$/, '')}; install -m 600 /root/list ${LIST}` : ':'}`); // oxfmt-ignore
  }
  /** The right conversion, as apply makes it: the files that it changes, by path. */
  async function converted(): Promise<Files> {
    const { code, stdout, stderr } = await apply('--no-mailboxes');
    assert.equal(code, 0, stdout + stderr);
    const changed = await now.run(`cd /etc/dovecot && find . -type f | while read -r file; do cmp -s "$file" "/root/old/$file" || echo "$file"; done`); // oxfmt-ignore
    const paths = changed
      .trim()
      .split('\n')
      .map((file) => file.replace('.', '/etc/dovecot'));
    const files = await Promise.all(paths.map(async (path) => [path, String(await now.read(path))] as const));
    await asUpgraded();
    return Object.fromEntries(files);
  }
  /** A wrong conversion stops, and has changed no byte of mail. */
  async function stopped(right: Files, wrong: (text: string) => string): Promise<Receipt> {
    const mail = await now.run(TREE);
    const files = Object.fromEntries(Object.entries(right).map(([path, text]) => [path, wrong(text)]));
    assert.notDeepEqual(files, right);
    const activations = [{ unit: 'dovecot', how: 'restart' }] as const;
    const receipt = await transact(now, { files, activations, mailboxes: 'sample' });
    assert.deepEqual([receipt.state, receipt.step], ['refused', 'mailboxes'], JSON.stringify(receipt));
    assert.equal(await now.run(TREE), mail);
    assert.equal(await now.run('diff -r /etc/dovecot /root/old && echo same'), 'same\n');
    return receipt;
  }

  describe('Maildir with a prefix and a quota, users in a file and users of the system', () => {
    const NAME = 'prefix-and-quota';
    let right: Files;
    const WRONG = {
      path: (text: string) => text.replace('mail_path = ~/Maildir', 'mail_path = ~/Mail'),
      prefix: (text: string) => text.replace(/^( *prefix =).*$/m, '$1'),
      separator: (text: string) =>
        text.replace(/^( *separator =).*$/m, '$1 /').replace(/^( *prefix =).*$/m, '$1 INBOX/'),
      quota: (text: string) => text.replace(/quota "User quota" \{[^}]*\}/, ''),
      layout: (text: string) =>
        text.replace('mail_path = ~/Maildir', 'mail_path = ~/Maildir\nmailbox_list_layout = fs'),
    };
    /** The refusal, and the differences that it names. */
    async function told(how: keyof typeof WRONG): Promise<string> {
      const { reason, notes = [] } = await stopped(right, WRONG[how]);
      assert.match(reason, /^with the new files /);
      return notes.join('\n');
    }
    before(async function () {
      this.timeout(0);
      await seed(NAME);
      // UIDVALIDITY is a counter that runs ahead of the clock when mailboxes are made at once; the list takes a later one for its own.
      await new Promise((resolve) => setTimeout(resolve, 10_000));
    });

    it('check --upgrade-to writes nothing without --record, and says that no list is kept', async () => {
      const mail = await old.run(TREE);
      const { code, stdout, stderr } = await run(old, 'check', '--upgrade-to', 'trixie');
      assert.equal(code, 2, stdout + stderr);
      assert.match(stdout, /no list of users' mailboxes is kept; with --record the apply/);
      assert.match(stdout, /Nothing was written\.$/m);
      assert.equal(await old.run(`[ -e /var/lib/harden-mail ] || echo none`), 'none\n');
      assert.equal(await old.run(TREE), mail);
    });

    it("--record keeps a list that only root can read, without a word of any mail, and changes no byte of users' mail", async () => {
      const mail = await old.run(TREE);
      const { code, stdout, stderr } = await record();
      assert.equal(code, 2, stdout + stderr);
      assert.match(stdout, /Only \/var\/lib\/harden-mail\/mailboxes was written: \d+ mailboxes of \d+ users\.$/m);
      assert.equal(await old.run(`stat -c '%a %U' ${LIST}; ls -A /var/lib/harden-mail`), '600 root\nmailboxes\n');
      assert.equal(await old.run(TREE), mail);
      const kept = String(await old.read(LIST));
      assert.match(kept, /^folder\tanna@one\.test\tINBOX\.Entwürfe\t1\t/m);
      assert.match(kept, /^quota\tanna@one\.test\tUser quota\tSTORAGE\t9216$/m);
      assert.match(kept, /^subscribed\tcarl\tINBOX\.Work\.Reports$/m);
      assert.doesNotMatch(kept, /Subject|From|seen|example/i);
      const document = JSON.parse((await record('--json')).stdout) as { hosts: { recorded: { users: number } }[] };
      assert.ok((document.hosts[0]?.recorded.users ?? 0) >= 3);
    });

    it('a wrong mail path, a lost prefix, separator, quota or layout stops apply, by user and mailbox', async function () {
      this.timeout(0);
      await upgrade(NAME);
      right = await converted();
      await list(true);
      assert.match(await told('path'), /^lost: anna@one\.test: INBOX is another mailbox: 0 instead of 5 mails, /m);
      assert.match(await told('prefix'), /^lost: carl: INBOX\.Work is missing: that mailbox is named Work now$/m);
      assert.match(await told('separator'), /^lost: carl: INBOX\.Work\.Reports is missing: that mailbox is named INBOX\/Work\/Reports now$/m); // oxfmt-ignore
      assert.match(await told('quota'), /^lost: anna@one\.test: the quota "User quota" has no limit for STORAGE instead of 9216$/m); // oxfmt-ignore
      assert.match(await told('layout'), /^lost: carl: INBOX\.Work is missing \(mails: 1\), and is still in \/home\/carl\/Maildir\/\.Work$/m); // oxfmt-ignore
    });

    it('the same stops without a list: folders on disk against the mailboxes', async function () {
      this.timeout(0);
      await list(false);
      assert.match(await told('path'), /^lost: carl: INBOX is empty, and the 5 mails in \/home\/carl\/Maildir belong to no mailbox$/m); // oxfmt-ignore
      assert.match(await told('prefix'), /^lost: all users: no namespace has the prefix "INBOX\." of the old files$/m);
      assert.match(await told('separator'), /^lost: all users: no namespace has the separator "\." of the old files$/m);
      assert.match(await told('quota'), /^lost: all users: the quota of the old files limits nobody$/m);
      assert.match(await told('layout'), /^lost: anna@one\.test: the 1 mail in \/var\/vmail\/one\.test\/anna\/Maildir\/\.Work belong to no mailbox$/m); // oxfmt-ignore
    });

    it('apply passes without a list, and says what it was compared with', async () => {
      const { code, stdout, stderr } = await apply();
      assert.equal(code, 0, stdout + stderr);
      assert.match(
        stdout,
        /no record of them; run `harden-mail check --upgrade-to RELEASE --record` before an upgrade/,
      );
      assert.match(stdout, /mailboxes with the new files: \d users, .*compared with the mail folders on disk/);
    });

    if (!WHOLE) return;

    it('what users have done since the list is no loss: mail that came, folders deleted, renamed and made again, a new user', async () => {
      // The host is converted now; its users work, and then it is as upgraded again.
      await now.run(`printf 'dora@one.test:deep blue::::::\\n' >>/etc/dovecot/users; cp -p /etc/dovecot/users /root/old/
        sleep 1; doveadm reload; sleep 1; doveadm='doveadm mailbox'
        printf 'Subject: one\\n\\nmore\\n' >/root/mail
        for user in anna@one.test dora@one.test; do doveadm save -u $user -m INBOX /root/mail; done
        $doveadm create -u dora@one.test INBOX.New
        $doveadm delete -u anna@one.test 'INBOX.Old Mail'
        $doveadm rename -u ben@two.test INBOX.Work INBOX.Job
        $doveadm unsubscribe -u carl INBOX.Work
        doveadm expunge -u carl mailbox INBOX 1:3
        $doveadm delete -u carl INBOX.Entwürfe; $doveadm create -u carl INBOX.Entwürfe`);
      await asUpgraded();
      await list(true);
      const { code, stdout, stderr } = await apply();
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /\d compared with the record from before the upgrade, 1 compared with the mail folders/);
      assert.match(stdout, /ben@two\.test: INBOX\.Work is named INBOX\.Job since the record/);
      assert.doesNotMatch(stdout, /lost/);
      // The list has served its purpose.
      assert.equal((await now.exec(`ls ${LIST}`)).code, 2);
    });

    for (const fault of ['black hole', 'SIGKILL of the controller'] as const)
      // oxfmt-ignore
      it(`nothing is live and no byte of mail is changed after this while mailboxes are listed, and the next apply completes: ${fault}`, async () => {
        await asUpgraded();
        await list(true);
        await installGates(now);
        const mail = await now.run(TREE);
        await arm(now, 'mailboxes');
        const args = ['apply', '--no-diff', '--yes', '--confirm-timeout', '6', '--connect-timeout', '5', ...to(now), ...trust];
        const running = begin(args);
        const held = await hold(now, 'mailboxes', running);
        const { lift } = await inflict[fault]({ host: now, run: running, step: 'staged sessions', args });
        await held.release();
        await Promise.race([running.done, sleep(25_000)]);
        await lift?.();
        await running.done;
        await atRest(now, 60);
        assert.equal(await now.run('diff -r /etc/dovecot /root/old && echo same'), 'same\n');
        assert.equal(await now.run(TREE), mail);
        const again = await apply();
        assert.equal(again.code, 0, again.stdout + again.stderr);
        assert.match(again.stdout, /converted|changed: /);
      });

    it('apply itself refuses where a list has what the conversion does not give, and --no-mailboxes applies', async () => {
      await asUpgraded();
      await list(true);
      await now.run(`sed -i 's/^\\(quota\\tanna@one.test\\t.*\\t\\)9216$/\\1999/' ${LIST}`);
      const refused = await apply();
      assert.equal(refused.code, 1, refused.stdout + refused.stderr);
      assert.match(refused.stdout, /refused the changes, because users would lose mailboxes: .*the limit 9216 for STORAGE instead of 999/); // oxfmt-ignore
      assert.match(refused.stdout, /Nothing was written\. .*--no-mailboxes/);
      assert.equal(await now.run('diff -r /etc/dovecot /root/old && echo same'), 'same\n');
      const { code, stdout, stderr } = await apply('--no-mailboxes');
      assert.equal(code, 0, stdout + stderr);
      assert.doesNotMatch(stdout, /mailboxes/);
    });
  });

  if (!WHOLE) return;

  for (const [name, format] of [
    ['mbox-and-blocks', 'mbox'],
    ['mdbox-alternative', 'mdbox'],
    ['sdbox-by-hash', 'sdbox'],
  ] as const) {
    it(`a wrong path for ${format} stops without a list, and the right one passes with one (${name})`, async function () {
      this.timeout(0);
      await seed(name);
      const { code, stdout, stderr } = await record();
      assert.equal(code, 2, stdout + stderr);
      await upgrade(name);
      const right = await converted();
      await list(false);
      const { reason } = await stopped(right, (text) => text.replace(/^(mail_path = ).*$/m, '$1~/elsewhere').replace(/^mail_inbox_path = .*\n/m, '')); // oxfmt-ignore
      assert.match(reason, /INBOX is (empty|missing), and the (\d+ )?mails? in \/\S+ belong to no mailbox/);
      await list(true);
      const outcome = await apply();
      assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
      assert.match(outcome.stdout, /compared with the record from before the upgrade/);
    });
  }

  it('databases that cannot list their users are reported, and the owners of mail folders are compared (SQLite, LDAP)', async function () {
    this.timeout(0);
    for (const [name, without] of [
      ['mail-in-a-box-sqlite', "sed -i '/^ *iterate_query/d' /etc/dovecot/*.ext"],
      [
        'openldap',
        "sed -i '/^ *iterate_/d' /etc/dovecot/*.ext; echo 'iterate_filter = (objectClass=none)' >>/etc/dovecot/dovecot-ldap.conf.ext",
      ],
    ] as const) {
      await seed(name);
      await old.run(`${without}; systemctl restart dovecot`);
      const { stdout, stderr } = await record('--all-users');
      assert.match(stdout, /not all users are known: a user database cannot list its users/, name + stdout + stderr);
      assert.match(stdout, /mailboxes was written: \d+ mailboxes of [1-9]\d* users?\.$/m, name);
    }
  });

  it('200 users are recorded and compared with --all-users, each by name', async function () {
    this.timeout(0);
    const NAME = 'prefix-and-quota';
    await seed(NAME);
    await old.run(`for n in $(seq 200); do
        echo "user$n@many.test:x::::::" >>/etc/dovecot/users
        for folder in Maildir Maildir/.Work Maildir/.Work.Reports Maildir/.Sent Maildir/.Drafts; do
          mkdir -p /var/vmail/many.test/user$n/$folder/cur /var/vmail/many.test/user$n/$folder/new /var/vmail/many.test/user$n/$folder/tmp
          for mail in 1 2 3; do printf 'Subject: %s\\n\\ntext\\n' $mail >/var/vmail/many.test/user$n/$folder/cur/170000000$mail.M$n.mx1:2,S; done
        done
      done; chown -R vmail:vmail /var/vmail/many.test; sleep 1; doveadm reload; sleep 1
      seq -f 'user%.0f@many.test' 200 >/root/users; doveadm mailbox status -F /root/users messages INBOX 'INBOX.*' | wc -l`);
    const began = Date.now();
    const { code, stdout, stderr } = await record('--all-users');
    const recorded = Date.now() - began;
    assert.equal(code, 2, stdout + stderr);
    assert.match(stdout, /10\d\d mailboxes of 20\d users/);
    await upgrade(NAME);
    const right = await converted();
    await list(true);
    const { reason } = await stopped(right, (text) => text.replace(/^( *prefix =).*$/m, '$1'));
    assert.match(reason, /; and \d+ more$/);
    const since = Date.now();
    const outcome = await apply('--all-users');
    assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
    assert.match(outcome.stdout, /20\d compared with the record from before the upgrade/);
    console.log(`      recorded in ${recorded} ms, applied in ${Date.now() - since} ms`);
  });
});
