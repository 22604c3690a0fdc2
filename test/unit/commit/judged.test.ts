/** What the scripts beside the transaction say decides whether it goes on. Real daemons are in test/e2e/unusable.test.ts. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commit, settle } from '../../../src/commit/commit.ts';
import type { Plan } from '../../../src/model/index.ts';
import { memoryRemote } from '../../../src/remote/memory.ts';
import { scriptText } from '../../../src/remote/scripts.ts';
import { sandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

const TX = '/var/lib/harden-mail/tx/20261124T101500Z-4f2a';
const DOVECOT = [{ path: '/etc/dovecot/local.conf', before: 'a = 1\n', after: 'a = 2\n' }];
const POSTFIX = [{ path: '/etc/postfix/main.cf', before: 'a = 1\n', after: 'a = 2\n' }];

describe('commit: user sessions and daemon logs as judges of a transaction', () => {
  let box: Sandbox;
  let before: Record<string, string>;
  const begin = (wanted: typeof DOVECOT, scripts: Readonly<Record<string, string>>): void => {
    box = sandbox(wanted, { timeout: 5 });
    for (const [name, text] of Object.entries(scripts)) box.write(`${TX}/${name}`, text);
    box.word('confirm');
    before = box.files();
  };
  afterEach(() => {
    assert.deepEqual(box.leftovers(), []);
    box.remove();
  });

  it('a user who loses a session with the staged files makes the transaction refuse, and nothing goes live', () => {
    begin(DOVECOT, { 'sessions.sh': 'case $1 in staged) echo "refuse alice has no session" ;; esac\n' });
    assert.match(box.play('run'), /^end \S+ refused sessions alice has no session$/);
    assert.deepEqual(box.files(), before);
  });

  it('a user who loses a session with the running daemons makes the transaction roll back', () => {
    begin(DOVECOT, { 'sessions.sh': 'case $1 in after) echo "refuse alice has no session" ;; esac\n' });
    assert.match(box.play('run'), /^end \S+ rolled-back sessions alice has no session$/);
    assert.deepEqual(box.files(), before);
  });

  it('no session is tried when no file of Dovecot changes', () => {
    begin(POSTFIX, { 'sessions.sh': 'echo "refuse somebody was asked for"\n' });
    assert.match(box.play('run'), /^end \S+ committed end$/);
  });

  it('a fatal error during the wait for the confirmation rolls the transaction back, even if the confirmation comes', () => {
    begin(POSTFIX, {
      'lines.sh': `case $1 in judge) [ -e ${'"$2"'}/again ] && echo "refuse Panic"; touch "$2/again" ;; esac\n`,
    });
    assert.match(box.play('run'), /^end \S+ rolled-back confirm Panic$/);
    assert.deepEqual(box.files(), before);
  });

  it('a note does not stop the transaction and is written to the log', () => {
    begin(DOVECOT, { 'sessions.sh': 'case $1 in staged) echo "note not proved" ;; esac\n' });
    assert.match(box.play('run'), /^end \S+ committed end$/);
    assert.match(box.read(`${TX}/log`), /^note not proved$/m);
  });
});

describe('commit: mailboxes as the judge of a conversion', () => {
  const LIST = '/var/lib/harden-mail/mailboxes';
  let box: Sandbox;
  const begin = (verdict: string, more: Readonly<Record<string, string>> = { mailboxes: 'sample\n' }): void => {
    box = sandbox(DOVECOT, { timeout: 5 });
    for (const [name, text] of Object.entries({ 'mailboxes.sh': verdict, ...more })) box.write(`${TX}/${name}`, text);
    box.write(LIST, 'time\t1\n');
    box.word('confirm');
  };
  afterEach(() => box.remove());

  it('a loss refuses the transaction before anything is live, and the list stays for the next apply', () => {
    begin('echo "note lost: ann: INBOX is missing"; echo "refuse ann: INBOX is missing"\n');
    const before = box.files();
    assert.match(box.play('run'), /^end \S+ refused mailboxes ann: INBOX is missing$/);
    assert.deepEqual(box.files(), before);
    assert.match(box.read(LIST), /^time/);
    assert.deepEqual(box.leftovers(), []);
  });

  it('without a loss the list goes once the conversion is committed', () => {
    begin('echo "note 2 users compared"\n');
    assert.match(box.play('run'), /^end \S+ committed end$/);
    assert.throws(() => box.read(LIST), { code: 'ENOENT' });
  });

  it('a comparison that dies is no proof, and the log says so', () => {
    begin('exit 2\n');
    assert.match(box.play('run'), /^end \S+ committed end$/);
    assert.match(box.read(`${TX}/log`), /^note not proved: mailboxes\.sh ended without a result$/m);
  });

  it('a transaction that converts nothing asks for no mailboxes, and the list stays', () => {
    begin('echo "refuse nobody asked"\n', {});
    assert.match(box.play('run'), /^end \S+ committed end$/);
    assert.match(box.read(LIST), /^time/);
  });
});

describe('commit: notes of the host', () => {
  it('the notes of the host are part of the result', async () => {
    const said = 'step validate\nnote not proved for alice\nawaiting 20261124T101500Z-4f2a\n';
    const remote = memoryRemote({ name: 'mx', run: () => ({ code: 0, stdout: said, stderr: '' }) });
    const plan: Plan = { tasks: [], actions: [], settings: [], changes: [], activations: [], notes: [] };
    const started = await commit(remote, plan, { confirmTimeout: 1, ports: [], who: 'ann' });
    assert.deepEqual(started, {
      state: 'awaiting',
      id: '20261124T101500Z-4f2a',
      notes: ['not proved for alice'],
    });
    const end = 'note dovecot says since the change: x\nend 20261124T101500Z-4f2a committed end\n';
    const later = memoryRemote({ name: 'mx', run: () => ({ code: 0, stdout: end, stderr: '' }) });
    assert.deepEqual((await settle(later, '20261124T101500Z-4f2a', null)).notes, ['dovecot says since the change: x']);
  });
});

describe('commit: the log lines of the daemons since a change', () => {
  const RESET =
    'imap-login: Fatal: Error reading configuration: read(/run/dovecot/config) failed: read(size=8192) failed: Connection reset by peer';
  const GONE =
    'pop3-login: Fatal: Failed to read configuration: stat(/run/dovecot/config) failed: No such file or directory (path is from CONFIG_FILE environment)';
  const ECHO = 'master: Error: service(imap-login): child 17104 returned error 89 (Fatal failure)';
  const KINDS = [
    { what: 'a panic of a new kind', before: '', crit: 'imap(ann)<7><x>: Panic: file a.c: line 12 failed', says: /^refuse .*Panic: file a\.c/ },
    { what: 'a fatal error that another process and user logged before the change too', before: 'lmtp(bob)<1><y>: Fatal: no room for 5', crit: 'lmtp(ann)<2><z>: Fatal: no room for 77', says: /^$/ },
    { what: 'an error of a new kind', before: '', err: 'auth: Error: ldap(ann): no attribute', says: /^note the daemons say since the change: auth: Error: ldap/ },
    { what: 'a process of Dovecot 2.3 that the reload of Dovecot ends', before: '', crit: RESET, err: ECHO, says: /^$/ },
    { what: 'a process of Dovecot 2.4 that the reload of Dovecot ends', before: '', crit: GONE, err: ECHO, says: /^$/ },
    { what: 'an smtpd that finds no mechanisms', before: '', crit: 'fatal: no SASL authentication mechanisms', says: /^refuse .*no SASL/ },
    { what: 'a process that finds a file of its configuration missing', before: '', crit: 'imap-login: Fatal: Error reading configuration: Invalid settings: ssl_cert: open(/x) failed: No such file or directory', says: /^refuse .*ssl_cert/ },
    { what: 'a process that finds no configuration when the reload is over', before: '', crit: RESET, late: RESET, says: /^refuse .*Error reading configuration/ },
    { what: 'a panic beside a process that the reload of Dovecot ends', before: '', crit: `${RESET}\nimap(ann)<7><x>: Panic: file a.c: line 12 failed`, err: ECHO, says: /^refuse the daemons say since the change: imap\(ann\)<7><x>: Panic: file a\.c[^|]*$/ },
    { what: 'an error that an unknown client causes', before: '', err: 'imap-login: Error: SSL_accept() failed', says: /^$/ },
  ]; // oxfmt-ignore

  for (const { what, before, crit = '', err = '', late = '', says } of KINDS) {
    it(`${what} ${says.source === '^$' ? 'is ignored' : says.source.startsWith('^refuse') ? 'makes the transaction refuse' : 'becomes a note'}`, () => {
      const root = mkdtempSync(join(tmpdir(), 'harden-mail-lines-'));
      mkdirSync(join(root, 'run/harden-mail/t'), { recursive: true });
      mkdirSync(join(root, 't'));
      const since = join(root, 'since');
      writeFileSync(
        join(root, 'journalctl'),
        `#!/bin/sh
        both() { case "$*" in *crit*) printf '%s\\n' '${crit}' ;; *) printf '%s\\n' '${crit}' '${err}' ;; esac; }
        case "$*" in
          *--until*@*) both "$@" ;;
          *--since*@*.*) both "$@"; echo '${late}' ;;
          *--since*@*) echo '${late}' ;;
          *--since*) echo '${before}'; both "$@"; echo '${late}' ;;
        esac | grep .\n`,
      );
      chmodSync(join(root, 'journalctl'), 0o755);
      const script = scriptText('commit/lines.sh')
        .replace('TALKS=/run', `TALKS=${root}/run`)
        .replace('PATH=/usr', `PATH=${root}:/usr`);
      writeFileSync(since, script);
      const play = (mode: string): string => execFileSync('sh', [since, mode, join(root, 't')], { encoding: 'utf8' });
      play('mark');
      assert.match(play('judge').trim(), says);
      rmSync(root, { recursive: true });
    });
  }
});
