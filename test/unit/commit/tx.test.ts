import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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
      it('a confirmed change stays', () => {
        box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/timeout', '5\n');
        box.word('confirm');
        assert.match(box.play('run', shell), /^end \S+ committed end$/);
        assert.equal(box.state(), 'committed');
        assertAfter();
        assert.deepEqual(box.leftovers(), []);
      });

      it('a change that is not confirmed is rolled back', () => {
        assert.match(
          box.play('run', shell),
          /^end \S+ rolled-back confirm no answer from the controller within 0 seconds$/,
        );
        assert.deepEqual(box.files(), before);
        assert.deepEqual(box.leftovers(), []);
        assert.ok(!existsSync(join(box.root, 'etc/letsencrypt')), 'folders that were made for a new file go with it');
      });
    });
  }

  it('an undo by the controller rolls the change back with its reason', () => {
    box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/timeout', '5\n');
    box.word('undo');
    assert.match(box.play('run'), /^end \S+ rolled-back confirm the probes say no$/);
    assert.deepEqual(box.files(), before);
  });

  it('a new main.cf has a time stamp three seconds old, because programs of Postfix wait for a younger one', () => {
    box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/timeout', '5\n');
    box.word('confirm');
    box.play('run');
    const age = Date.now() - statSync(join(box.root, 'etc/postfix/main.cf')).mtimeMs;
    assert.ok(age > 2900 && age < 60_000, `${age} ms`);
  });

  describe('with a problem before the swap', () => {
    const refused: readonly (readonly [string, (box: Sandbox) => void, RegExp])[] = [
      [
        'a file that has changed since it was read',
        ({ root }) => appendFileSync(join(root, 'etc/postfix/master.cf'), 'edit\n'),
        /refused compare \S+master\.cf has changed since it was read$/,
      ],
      [
        'a new file that exists by now',
        (box) => box.write(WANTED[3]!.path, 'theirs'),
        /refused compare \S+harden-mail has appeared since it was read$/,
      ],
      [
        'a file with a second name (a hard link)',
        ({ root }) => linkSync(join(root, 'etc/postfix/master.cf'), join(root, 'etc/postfix/other')),
        /refused stage \S+master\.cf has a second name \(a hard link\)/,
      ],
      [
        'a file that the parser of the daemon warns about',
        (box) =>
          box.stub('postconf', `grep -q 'a = 2' ${box.root}/etc/postfix/main.cf && echo 'warning: 2' >&2; exit 0`),
        /refused validate warning: 2$/,
      ],
      [
        'a new file whose bytes arrived incomplete',
        (box) => box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/after/3', 'if\n'),
        /refused journal the new bytes of \S+ arrived incomplete$/,
      ],
    ];
    for (const [what, spoil, words] of refused) {
      it(`the transaction refuses ${what} and changes nothing`, () => {
        spoil(box);
        const spoiled = box.files();
        assert.match(box.play('run'), words);
        assert.deepEqual(box.files(), spoiled);
        assert.deepEqual(box.leftovers(), []);
      });
    }
  });

  it('the transaction refuses to write through a link that another user has laid where it stages a file', () => {
    const elsewhere = join(box.root, 'elsewhere');
    writeFileSync(elsewhere, 'theirs');
    symlinkSync(elsewhere, join(box.root, 'etc/postfix/.harden-mail.20261124T101500Z-4f2a.0'));
    assert.match(box.play('run'), /refused stage \S+main\.cf could not be staged in \S+etc\/postfix/);
    assert.equal(readFileSync(elsewhere, 'utf8'), 'theirs');
    assert.deepEqual(box.files(), before);
    assert.deepEqual(box.leftovers(), []);
  });

  it('the rollback keeps an edit that another person made after the swap, and names the file', () => {
    box.stub('doveadm', `echo '# by hand' >>${box.root}/etc/postfix/main.cf; exit 0`);
    assert.match(
      box.play('run'),
      /^end \S+ broken confirm .*another program or person changed it meanwhile: \S+main\.cf$/,
    );
    assert.match(box.read('/etc/postfix/main.cf'), /^a = 2\n(# by hand\n)+$/);
    const { '/postfix/main.cf': theirs, ...rest } = box.files();
    const { '/postfix/main.cf': ours, ...others } = before;
    assert.notEqual(theirs, ours);
    assert.deepEqual(rest, others);
    assert.deepEqual(box.leftovers(), []);
  });

  it('every file is restored when a daemon fails to reload', () => {
    box.stub('postfix', 'case $1 in check) exit 0 ;; *) echo "fatal: no" >&2; exit 1 ;; esac');
    assert.match(box.play('run'), /^end \S+ rolled-back activate-postfix reload of postfix failed: fatal: no$/);
    assert.deepEqual(box.files(), before);
  });

  // journald takes the invocation of a line from its process, which may be gone by then; its unit it knows from the start.
  it('the reason quotes a daemon that died before the journal was synchronised', () => {
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
    ['dovecot reload\n', true, ['reload dovecot', 'restart postfix']],
  ] as const)
    it(`${activate.trim().replace('\n', ', ')}: ${throttled ? 'Postfix is restarted, because its smtpd has died' : 'Postfix is not restarted'}`, () => {
      for (const path of ['/run/systemd/system/here', '/etc/systemd/system/here']) box.write(path, '');
      box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/activate', activate);
      box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/timeout', '60\n');
      box.word('confirm');
      box.stub(
        'systemctl',
        `case $1 in restart | reload) echo "$1 $2" >>${box.root}/asked ;; *) [ "$*" != 'is-active -q postfix@-' ] ;; esac`,
      );
      const line = 'master: warning: smtpd: bad command startup -- throttling';
      box.stub('journalctl', throttled ? `grep -qsx 'restart postfix' ${box.root}/asked || echo '${line}'` : '');
      assert.match(box.play('run'), /^end \S+ committed/);
      assert.deepEqual(box.read('asked').trim().split('\n'), expected);
      rmSync(join(box.root, 'run/systemd'), { recursive: true });
    });

  it('a rollback after which a port no longer listens is reported as broken', () => {
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

  it('recovery keeps the change when the confirmation arrived before the kill', () => {
    box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/timeout', '60\n');
    box.stub('sleep', `kill -9 $(cat ${box.root}/calls/pid)`);
    assert.ok(box.playUntil(-1));
    assert.equal(box.state(), 'awaiting');
    box.word('confirm');
    assert.match(box.play('recover'), /^end \S+ committed/);
    assertAfter();
    assert.deepEqual(box.leftovers(), []);
  });

  it('recovery restores every file, whichever call of the script is killed', function () {
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

  it('a warning of doveconf is a note if Dovecot does not start with the old files, and a refusal otherwise', () => {
    // The new files are asked about first.
    const doveconf = (old: string): string =>
      `n=$(cat ${box.root}/asked 2>/dev/null || echo 0); echo $((n + 1)) >${box.root}/asked
      case $n in 0) echo 'doveconf: Warning: client_limit is low' >&2 ;; *) ${old} ;; esac`;
    box.stub(
      'doveconf',
      doveconf("echo 'doveconf: Fatal: The first setting must be dovecot_config_version' >&2; exit 89"),
    );
    assert.match(box.play('run'), /rolled-back confirm no answer/);
    assert.match(
      box.read('var/lib/harden-mail/tx/20261124T101500Z-4f2a/log'),
      /^note doveconf warns: client_limit is low$/m,
    );
    box.remove();
    box = sandbox(WANTED, { timeout: 0 });
    box.stub('doveconf', doveconf('true'));
    assert.match(box.play('run'), /refused validate doveconf: Warning: client_limit is low/);
  });

  it('dpkg finishes an upgrade before the daemons reload, and a failure of dpkg rolls the change back', () => {
    box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/activate', 'dpkg configure\npostfix reload\n');
    box.stub('dpkg', `echo "$*" >>${box.root}/calls.dpkg; exit 0`);
    assert.match(box.play('run'), /rolled-back confirm no answer/);
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

  it('a package outside the mail server that dpkg cannot finish is noted and does not stop the transaction', () => {
    box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/activate', 'dpkg configure\npostfix reload\n');
    box.stub('dpkg', 'echo "dpkg: error processing package man-db" >&2; exit 1');
    box.stub('dpkg-query', `printf '%s\\n' 'installed dovecot-core' 'half-configured man-db' 'unpacked groff'`);
    assert.match(box.play('run'), /rolled-back confirm no answer/);
    assert.match(
      box.read('var/lib/harden-mail/tx/20261124T101500Z-4f2a/log'),
      /^note dpkg cannot finish man-db, groff, which the mail server does not need/m,
    );
    box.remove();
    box = sandbox(WANTED, { timeout: 0 });
    box.write('/var/lib/harden-mail/tx/20261124T101500Z-4f2a/activate', 'dpkg configure\npostfix reload\n');
    box.stub('dpkg', 'echo "dpkg: error processing package dovecot-core" >&2; exit 1');
    box.stub('dpkg-query', `printf '%s\\n' 'half-configured dovecot-core' 'half-configured man-db'`);
    before = box.files();
    assert.match(
      box.play('run'),
      /rolled-back activate-dpkg configure of dpkg failed: dpkg: error processing package dovecot-core$/,
    );
    assert.deepEqual(box.files(), before);
  });

  it('recovery changes nothing and keeps no lock when the folder of the transaction is half removed', () => {
    const folder = join(box.root, 'var/lib/harden-mail/tx/20261124T101500Z-4f2a');
    for (const name of readdirSync(folder)) if (name !== 'tx.sh') rmSync(join(folder, name), { recursive: true });
    box.play('recover');
    assert.deepEqual(box.files(), before);
    assert.deepEqual(box.leftovers(), []);
    assert.deepEqual(readdirSync(folder), ['tx.sh']);
  });

  it('recovery undoes an unfinished transaction whose second names are gone', () => {
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
