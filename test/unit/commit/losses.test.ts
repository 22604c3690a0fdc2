/** What counts as a loss between two lists of mailboxes (src/commit/losses.sh); test/convert-hosts/mailboxes.test.ts has real Dovecots. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../../src/commit/losses.sh', import.meta.url));
const MADE = 1_796_000_000;
const [INBOX, WORK, OTHER] = ['aa', 'bb', 'cc'].map((byte) => byte.repeat(16)) as [string, string, string];

type Fact = readonly (string | number)[];

describe('commit: losses between two lists of mailboxes', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'harden-mail-losses-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  const place = (name: string): Fact => ['place', 'ann', join(root, name), 'mail'];
  const before = (...more: readonly Fact[]): Fact[] => [
    ['time', MADE],
    ['user', 'ann'],
    ['folder', 'ann', 'INBOX', 5, 100, 9, 5000, INBOX],
    ['folder', 'ann', 'INBOX.Work', 2, 101, 3, 900, WORK],
    ['subscribed', 'ann', 'INBOX.Work'],
    ['quota', 'ann', 'User quota', 'STORAGE', 1024],
    place('Maildir'),
    ...more,
  ];
  const now = (changed: Readonly<Record<string, Fact | null>> = {}, ...more: readonly Fact[]): Fact[] => [
    ['asked', 'ann'],
    ['user', 'ann'],
    ...Object.entries({
      inbox: ['folder', 'ann', 'INBOX', 5, 100, 9, 5000, INBOX],
      work: ['folder', 'ann', 'INBOX.Work', 2, 101, 3, 900, WORK],
      subscribed: ['subscribed', 'ann', 'INBOX.Work'],
      quota: ['quota', 'ann', 'User quota', 'STORAGE', 1024],
      ...changed,
    } satisfies Record<string, Fact | null>).flatMap(([, fact]) => (fact === null ? [] : [fact])),
    place('Maildir'),
    ...more,
  ];
  const file = (path: string, text: string, changed = MADE - 100): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    utimesSync(join(root, path), changed, changed);
  };
  function losses(record: readonly Fact[], after: readonly Fact[], words = ''): string[] {
    const write = (name: string, facts: readonly Fact[]): void =>
      writeFileSync(join(root, name), facts.map((fact) => `${fact.join('\t')}\n`).join(''));
    write('record', record);
    write('after', after);
    writeFileSync(join(root, 'words'), words);
    const { stdout, stderr } = spawnSync('sh', [SCRIPT, join(root, 'record'), join(root, 'after'), root]);
    assert.equal(String(stderr), '');
    return String(stdout)
      .split('\n')
      .filter(Boolean)
      .map((line) => line.replaceAll(root, ''));
  }
  const RECORDED = 'compared 1 compared with the record from before the upgrade';
  const ON_DISK = 'compared 1 compared with the mail folders on disk';

  it('the same mailboxes lose nothing, and neither do mail that has come, a new folder, and a new user', () => {
    assert.deepEqual(losses(before(), now()), [RECORDED]);
    const grown = { inbox: ['folder', 'ann', 'INBOX', 7, 100, 11, 7000, INBOX] };
    const more: Fact[] = [['folder', 'ann', 'INBOX.New', 1, 102, 2, 100, OTHER], ['asked', 'dora'], ['user', 'dora'], ['folder', 'dora', 'INBOX', 0, 1, 1, 0, OTHER]]; // oxfmt-ignore
    assert.deepEqual(losses(before(), now(grown, ...more)), [RECORDED, ON_DISK]);
  });

  it('mails that a user has deleted are no loss: the same UIDVALIDITY, and no UID is given twice', () => {
    assert.deepEqual(losses(before(), now({ inbox: ['folder', 'ann', 'INBOX', 0, 100, 9, 0, INBOX] })), [RECORDED]);
    assert.deepEqual(losses(before(), now({ inbox: ['folder', 'ann', 'INBOX', 4, 100, 5, 4000, INBOX] })), [
      'lost ann: INBOX lacks mails: its next UID is 5 instead of 9',
      RECORDED,
    ]);
  });

  it('as many mails with fewer bytes are a loss, unless the size is not known', () => {
    assert.deepEqual(losses(before(), now({ work: ['folder', 'ann', 'INBOX.Work', 2, 101, 3, 400, WORK] })), [
      'lost ann: INBOX.Work is smaller: 400 bytes instead of 900, with as many mails',
      RECORDED,
    ]);
    assert.deepEqual(losses(before(), now({ work: ['folder', 'ann', 'INBOX.Work', 2, 101, 3, '-', WORK] })), [
      RECORDED,
    ]);
  });

  it('a missing folder is a loss while its GUID is on disk, and was deleted by the user otherwise', () => {
    const without = now({ work: null, subscribed: null });
    file('Maildir/subscriptions', 'V\t2\n', MADE + 100);
    const unsubscribed = 'lost ann: the subscription of INBOX.Work is missing';
    assert.deepEqual(losses(before(), without), ['note ann: INBOX.Work is gone since the record', unsubscribed, RECORDED]); // oxfmt-ignore
    file('Maildir/.Work/dovecot-uidlist', `3 V101 N3 G${WORK}\n`);
    assert.deepEqual(losses(before(), without), [
      'lost ann: INBOX.Work is missing (mails: 2), and is still in /Maildir/.Work',
      unsubscribed,
      RECORDED,
    ]);
  });

  it('a missing folder of an mdbox is found by the GUID in its index, and one of an mbox by its file', () => {
    const without = now({ work: null });
    file('mdbox/mailboxes/Work/dbox-Mails/dovecot.index.log', '');
    writeFileSync(
      join(root, 'mdbox/mailboxes/Work/dbox-Mails/dovecot.index.log'),
      Buffer.concat([Buffer.from('log\n'), Buffer.from(WORK, 'hex'), Buffer.from('\n')]),
    );
    assert.deepEqual(losses(before(place('mdbox')), without), [
      'lost ann: INBOX.Work is missing (mails: 2), and is still in /mdbox/mailboxes/Work/dbox-Mails',
      RECORDED,
    ]);
    file('mail/Work', 'From ann\n');
    assert.deepEqual(losses(before(['file', 'ann', 'INBOX.Work', join(root, 'mail/Work')]), without), [
      'lost ann: INBOX.Work is missing (mails: 2), and is still in /mail/Work',
      RECORDED,
    ]);
  });

  it('a lost prefix or separator is a loss; a folder that a user has renamed is not', () => {
    const named = (name: string): Record<string, Fact> => ({ work: ['folder', 'ann', name, 2, 101, 3, 900, WORK] });
    const lost = (name: string): string[] => [`lost ann: INBOX.Work is missing: that mailbox is named ${name} now`, RECORDED]; // oxfmt-ignore
    assert.deepEqual(losses(before(), now(named('Work'))), lost('Work'));
    assert.deepEqual(losses(before(), now(named('INBOX/Work'))), lost('INBOX/Work'));
    assert.deepEqual(losses(before(), now(named('INBOX.Job'))), ['note ann: INBOX.Work is named INBOX.Job since the record', RECORDED]); // oxfmt-ignore
  });

  it('another mailbox under the same name is a loss, unless the user has made it again', () => {
    const again = now({ work: ['folder', 'ann', 'INBOX.Work', 0, 102, 1, 0, OTHER] });
    const lost = 'lost ann: INBOX.Work is another mailbox: 0 instead of 2 mails, UIDVALIDITY 102 instead of 101';
    // Nothing on disk has the new GUID: only the memory of the round has it.
    assert.deepEqual(losses(before(), again), [lost, RECORDED]);
    file('Maildir/.Work/dovecot-uidlist', `3 V102 N1 G${OTHER}\n`);
    assert.deepEqual(losses(before(), again), ['note ann: INBOX.Work was made again since the record', RECORDED]);
    file('Maildir/.Old/dovecot-uidlist', `3 V101 N3 G${WORK}\n`);
    assert.deepEqual(losses(before(), again), [lost, RECORDED]);
  });

  it('a lost subscription counts, unless the user has changed some of them since the record', () => {
    const [more, some]: Fact[] = [
      ['subscribed', 'ann', 'INBOX'],
      ['subscribed', 'ann', 'INBOX'],
    ];
    const lost = ['lost ann: the subscription of INBOX.Work is missing', RECORDED];
    file('Maildir/subscriptions', 'V\t2\n');
    assert.deepEqual(losses(before(more!), now({ subscribed: some! })), lost);
    file('Maildir/subscriptions', 'V\t2\n', MADE + 100);
    assert.deepEqual(losses(before(more!), now({ subscribed: some! })), [
      'note ann: INBOX.Work is not subscribed any more since the record',
      RECORDED,
    ]);
  });

  it('a lost limit of a quota and another limit count', () => {
    assert.deepEqual(losses(before(), now({ quota: null })), [
      'lost ann: the quota "User quota" has no limit for STORAGE instead of 1024',
      RECORDED,
    ]);
    assert.deepEqual(losses(before(), now({ quota: ['quota', 'ann', 'User quota', 'STORAGE', 1] })), [
      'lost ann: the quota "User quota" has the limit 1 for STORAGE instead of 1024',
      RECORDED,
    ]);
  });

  it('a user whom no database knows any more is a loss while the mail is there, and a user who was not asked about is none', () => {
    const [asked, ...others]: Fact[] = [['asked', 'ann'], place('Maildir')];
    assert.deepEqual(losses(before(), [asked!, ...others]), ['note ann: gone since the record', RECORDED]);
    file('Maildir/cur/1', 'x');
    assert.deepEqual(losses(before(), [asked!]), [
      'lost ann: the user databases do not know this user any more, and the mail is still in /Maildir',
      RECORDED,
    ]);
    assert.deepEqual(losses(before(), others), []);
  });

  it('mailboxes that cannot be listed any more are a loss; those that could not be listed before are none', () => {
    const fails: Fact[] = [
      ['asked', 'ann'],
      ['failed', 'ann', 'Permission denied'],
    ];
    assert.deepEqual(losses(before(), fails), ['lost ann: the mailboxes cannot be listed: Permission denied', RECORDED]); // oxfmt-ignore
    assert.deepEqual(
      losses(
        [
          ['user', 'ann'],
          ['failed', 'ann', 'no'],
        ],
        fails,
      ),
      [RECORDED],
    );
  });

  describe('without a record', () => {
    const folder = (mails: number): Fact => ['folder', 'ann', 'INBOX', mails, 100, 9, 5000, INBOX];
    const disk = (mails: number | '-', path: string, guid = ''): Fact => ['disk', 'ann', 'maildir', mails, path, guid];
    const found = (...more: readonly Fact[]): string[] => losses([], [['asked', 'ann'], ['user', 'ann'], ['place', 'ann', '/m/Maildir', 'mail'], ...more]); // oxfmt-ignore

    it('folders with mail that no list shows are a loss, and empty ones are none', () => {
      assert.deepEqual(found(folder(5), disk(5, '/m/Maildir', INBOX), disk(0, '/m/Maildir/.Old', OTHER)), [ON_DISK]);
      assert.deepEqual(found(folder(5), disk(5, '/m/Maildir', INBOX), disk(1, '/m/Maildir/.Old', OTHER)), [
        'lost ann: the 1 mail in /m/Maildir/.Old belong to no mailbox',
        ON_DISK,
      ]);
    });

    it('an empty INBOX beside a filled folder is a loss wherever that is; beside a filled INBOX it is a note', () => {
      assert.deepEqual(found(folder(0), disk('-', '/m/mail/mailboxes/INBOX/dbox-Mails')), [
        'lost ann: INBOX is empty, and the mails in /m/mail/mailboxes/INBOX/dbox-Mails belong to no mailbox',
        ON_DISK,
      ]);
      assert.deepEqual(found(folder(1), disk(3, '/m/backup')), [
        'note ann: the 3 mails in /m/backup belong to no mailbox',
        ON_DISK,
      ]);
    });

    it('a folder whose index is elsewhere belongs to the mailbox at its place', () => {
      assert.deepEqual(found(folder(5), disk(5, '/m/Maildir'), disk(2, '/m/Maildir/.Work'), ['path', 'ann', '/m/Maildir/.Work', 'Work', 'full']), [ON_DISK]); // oxfmt-ignore
    });

    it('an INBOX whose mails are only in an index counts as empty', () => {
      assert.deepEqual(
        found(folder(5), disk(5, '/m/mail/mailboxes/INBOX/dbox-Mails'), [
          'path',
          'ann',
          '/m/new/mailboxes/INBOX/dbox-Mails',
          'INBOX',
          'empty',
        ]),
        [
          'lost ann: INBOX is empty, and the 5 mails in /m/mail/mailboxes/INBOX/dbox-Mails belong to no mailbox',
          ON_DISK,
        ],
      );
    });

    it('where rights or namespaces hide folders, a folder that no list shows is a note', () => {
      assert.deepEqual(found(folder(5), disk(5, '/m/Maildir', INBOX), disk(1, '/m/Maildir/.Old'), ['partly']), [
        'note ann: the 1 mail in /m/Maildir/.Old belong to no mailbox',
        ON_DISK,
      ]);
    });

    it('the prefix, the separator and the quota of the old files must be in the new ones', () => {
      const after: Fact[] = [
        ['user', 'ann'],
        folder(5),
        ['setting', 'prefix', 'INBOX.'],
        ['setting', 'separator', '.'],
      ];
      assert.deepEqual(losses([], after, 'prefix INBOX.\nseparator .\n'), [ON_DISK]);
      assert.deepEqual(losses([], after, 'prefix Mail/\nquota\nseparator /\n'), [
        'lost all users: no namespace has the prefix "Mail/" of the old files',
        'lost all users: the quota of the old files limits nobody',
        'lost all users: no namespace has the separator "/" of the old files',
        ON_DISK,
      ]);
    });
  });
});
