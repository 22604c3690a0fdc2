import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, linkSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

const WANTED = [
  { path: '/etc/postfix/main.cf', before: 'a = 1\n', after: 'a = 2\n' },
  { path: '/etc/postfix/master.cf', before: 'old\n', after: 'new\n' },
  { path: '/etc/dovecot/gone.conf', before: 'goes\n', after: null },
  { path: '/etc/letsencrypt/renewal-hooks/deploy/harden-mail', before: null, after: '#!/bin/sh\n' },
];
const SHELLS = [['sh'], ['dash'], ['bash'], ['busybox', 'sh']];
const there = (program: string): boolean => spawnSync(program, ['--help'], { stdio: 'ignore' }).error === undefined;

describe('commit: the script of the transaction', function () {
  this.timeout(120_000);
  let box: Sandbox;
  let before: Record<string, string>;
  beforeEach(() => {
    box = sandbox(WANTED, { timeout: 0 });
    chmodSync(join(box.root, 'etc/postfix/main.cf'), 0o604);
    before = box.files();
  });
  afterEach(() => box.remove());

  const assertAfter = (): void => {
    assert.equal(box.read('/etc/postfix/main.cf'), 'a = 2\n');
    assert.equal(box.read('/etc/postfix/master.cf'), 'new\n');
    assert.equal(box.read(WANTED[3]!.path), '#!/bin/sh\n');
    assert.equal(box.files()['/dovecot/gone.conf'], undefined);
    assert.match(box.files()['/postfix/main.cf'] ?? '', /^100604 .* 1 a = 2/, 'its mode is kept');
  };

  for (const shell of SHELLS) {
    describe(`under ${shell.join(' ')}`, () => {
      before_(shell);
      it('keeps what is confirmed', () => {
        box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/timeout', '5\n');
        box.word('confirm');
        assert.match(box.play('run', shell), /^end \S+ committed end$/);
        assert.equal(box.state(), 'committed');
        assertAfter();
        assert.deepEqual(box.leftovers(), []);
      });

      it('puts back what nobody confirms', () => {
        assert.match(box.play('run', shell), /^end \S+ rolled-back confirm no word from the controller for 0 seconds$/);
        assert.deepEqual(box.files(), before);
        assert.deepEqual(box.leftovers(), []);
        assert.ok(!existsSync(join(box.root, 'etc/letsencrypt')), 'folders that were made for a new file go with it');
      });
    });
  }

  it('puts back what the controller takes back, with its reason', () => {
    box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/timeout', '5\n');
    box.word('undo');
    assert.match(box.play('run'), /^end \S+ rolled-back confirm the probes say no$/);
    assert.deepEqual(box.files(), before);
  });

  it('has what goes live look three seconds old: for a younger main.cf every program of Postfix waits', () => {
    box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/timeout', '5\n');
    box.word('confirm');
    box.play('run');
    const age = Date.now() - statSync(join(box.root, 'etc/postfix/main.cf')).mtimeMs;
    assert.ok(age > 2900 && age < 60_000, `${age} ms`);
  });

  describe('refuses, with nothing changed,', () => {
    const refused: readonly (readonly [string, (box: Sandbox) => void, RegExp])[] = [
      [
        'a file that has changed since it was read',
        ({ root }) => appendFileSync(join(root, 'etc/postfix/master.cf'), 'edit\n'),
        /refused compare \S+master\.cf has changed since it was read$/,
      ],
      [
        'a new file that is there by now',
        (box) => box.write(WANTED[3]!.path, 'theirs'),
        /refused compare \S+harden-mail has appeared since it was read$/,
      ],
      [
        'a file with a second name',
        ({ root }) => linkSync(join(root, 'etc/postfix/master.cf'), join(root, 'etc/postfix/other')),
        /refused stage \S+master\.cf has a second name \(a hard link\)/,
      ],
      [
        'what the daemon’s own parser has an opinion of',
        (box) =>
          box.stub('postconf', `grep -q 'a = 2' ${box.root}/etc/postfix/main.cf && echo 'warning: 2' >&2; exit 0`),
        /refused validate warning: 2$/,
      ],
      [
        'a hook that is no shell script',
        (box) => box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/after/3', 'if\n'),
        /refused journal the new bytes of \S+ did not arrive whole$/,
      ],
    ];
    for (const [what, spoil, words] of refused) {
      it(what, () => {
        spoil(box);
        const spoiled = box.files();
        assert.match(box.play('run'), words);
        assert.deepEqual(box.files(), spoiled);
        assert.deepEqual(box.leftovers(), []);
      });
    }
  });

  it('leaves an edit that somebody made after the swap, and names it', () => {
    box.stub('doveadm', `echo '# by hand' >>${box.root}/etc/postfix/main.cf; exit 0`);
    assert.match(box.play('run'), /^end \S+ broken confirm .*somebody else changed it meanwhile: \S+main\.cf$/);
    assert.match(box.read('/etc/postfix/main.cf'), /^a = 2\n(# by hand\n)+$/);
    const { '/postfix/main.cf': theirs, ...rest } = box.files();
    const { '/postfix/main.cf': ours, ...others } = before;
    assert.notEqual(theirs, ours);
    assert.deepEqual(rest, others);
    assert.deepEqual(box.leftovers(), []);
  });

  it('puts everything back when a daemon does not take it up', () => {
    box.stub('postfix', 'case $1 in check) exit 0 ;; *) echo "fatal: no" >&2; exit 1 ;; esac');
    assert.match(box.play('run'), /^end \S+ rolled-back activate-postfix reload of postfix failed: fatal: no$/);
    assert.deepEqual(box.files(), before);
  });

  // journald takes the invocation of a line from its process, which may be gone by then; its unit it knows from the start.
  it('has the words of a daemon that died before the journal knew whose they were', () => {
    box.stub('systemctl', 'echo 0123456789abcdef');
    box.stub(
      'journalctl',
      `case "$*" in *--sync*) touch ${box.root}/synced ;; *_SYSTEMD_UNIT=dovecot*) [ ! -e ${box.root}/synced ] || echo 'the mail store is not mounted' ;; esac`,
    );
    box.stub('doveadm', 'exit 1');
    box.stub('dovecot', 'echo "Job failed. See journalctl"; exit 1');
    assert.match(box.play('run'), /reload of dovecot failed: the mail store is not mounted/);
  });

  for (const [activate, throttled, expected] of [
    ['dovecot start\n', true, ['restart dovecot', 'restart postfix']],
    ['dovecot start\n', false, ['restart dovecot']],
    ['dovecot start\npostfix reload\n', true, ['restart dovecot', 'restart postfix']],
    ['dovecot start\npostfix reload\n', false, ['restart dovecot', 'reload postfix']],
  ] as const)
    it(`${activate.trim().replace('\n', ', ')}: ${throttled ? 'restarts a Postfix whose smtpd died' : 'leaves a Postfix that works'}`, () => {
      for (const path of ['/run/systemd/system/here', '/etc/systemd/system/here']) box.write(path, '');
      box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/activate', activate);
      box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/timeout', '60\n');
      box.word('confirm');
      box.stub(
        'systemctl',
        `case $1 in restart | reload) echo "$1 $2" >>${box.root}/asked ;; *) [ "$*" != 'is-active -q postfix@-' ] ;; esac`,
      );
      box.stub('journalctl', throttled ? 'echo "master: warning: smtpd: bad command startup -- throttling"' : '');
      assert.match(box.play('run'), /^end \S+ committed/);
      assert.deepEqual(box.read('asked').trim().split('\n'), expected);
      rmSync(join(box.root, 'run/systemd'), { recursive: true });
    });

  it('does not say "as it was" of a host where somebody no longer listens', () => {
    const line = `LISTEN 0 100 0.0.0.0:993 0.0.0.0:* users:(("dovecot",pid=7,fd=9))`;
    box.stub('ss', `[ -e ${box.root}/died ] || echo '${line}'`);
    box.stub('doveadm', `touch ${box.root}/died`);
    box.stub('sleep', 'exit 0');
    assert.match(
      box.play('run'),
      /^end \S+ broken confirm .*; the files are as they were, but nothing listens on port 993 any more$/,
    );
    assert.deepEqual(box.files(), before);
    assert.deepEqual(box.leftovers(), []);
  });

  it('goes forward after a kill, when the word to keep it had come', () => {
    box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/timeout', '60\n');
    box.stub('sleep', `kill -9 $(cat ${box.root}/calls/pid)`);
    assert.ok(box.playUntil(-1));
    assert.equal(box.state(), 'awaiting');
    box.word('confirm');
    assert.match(box.play('recover'), /^end \S+ committed/);
    assertAfter();
    assert.deepEqual(box.leftovers(), []);
  });

  it('whatever call it dies at, recovery leaves everything as it was, or as it should be', function () {
    // Each takes a second or two: a sample here, every one in the nightly run.
    const stride = process.env['HARDEN_MAIL_RUNS'] === undefined ? 17 : 1;
    let calls = 0;
    for (let call = 1; ; call += stride) {
      box.remove();
      box = sandbox(WANTED, { timeout: 0 });
      before = box.files();
      const died = box.playUntil(call);
      const state = box.state();
      box.play('recover');
      assert.deepEqual(box.files(), before, `killed at call ${call}, in state ${state}`);
      assert.deepEqual(box.leftovers(), [], `killed at call ${call}, in state ${state}`);
      calls = call;
      if (!died) break;
    }
    assert.ok(calls > 100, `only ${calls} calls: was the script run at all?`);
  });

  it('has dpkg finish an upgrade before the daemons take the files up, and puts back when it cannot', () => {
    box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/activate', 'dpkg configure\npostfix reload\n');
    box.stub('dpkg', `echo "$*" >>${box.root}/calls.dpkg; exit 0`);
    assert.match(box.play('run'), /rolled-back confirm no word/);
    assert.equal(
      box.read('calls.dpkg'),
      '--force-confdef --force-confold --configure -a\n',
      'once, and not on the way back',
    );
    box.remove();
    box = sandbox(WANTED, { timeout: 0 });
    box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/activate', 'dpkg configure\npostfix reload\n');
    box.stub('dpkg', 'echo "dpkg: error: no" >&2; exit 1');
    before = box.files();
    assert.match(box.play('run'), /rolled-back activate-dpkg configure of dpkg failed: dpkg: error: no$/);
    assert.deepEqual(box.files(), before);
  });

  it('a recovery that finds the folder being taken away has nothing to do, and keeps no lock', () => {
    const folder = join(box.root, 'var/lib/harden-mail/tx/20261124T101500Z-4f2a');
    for (const name of readdirSync(folder)) if (name !== 'tx.sh') rmSync(join(folder, name), { recursive: true });
    box.play('recover');
    assert.deepEqual(box.files(), before);
    assert.deepEqual(box.leftovers(), []);
    assert.deepEqual(readdirSync(folder), ['tx.sh']);
  });

  it('an unfinished one is undone when its second names are gone', () => {
    box.stub('postfix', `case $1 in check) exit 0 ;; *) kill -9 $(cat ${box.root}/calls/pid) ;; esac`);
    assert.ok(box.playUntil(-1));
    assert.equal(box.state(), 'swapped');
    for (const path of box.leftovers()) if (path.endsWith('.old')) rmSync(join(box.root, 'etc', path));
    box.play('recover');
    assert.deepEqual(box.files(), before);
  });
});

function before_(shell: readonly string[]): void {
  before(function () {
    if (!there(shell[0] ?? '')) this.skip();
  });
}
