/** What the daemons' journal says of a failure: the lines of the program on that port, and nobody else's. */
import assert from 'node:assert/strict';
import { inThisThread } from '../../../src/compute/compute.ts';
import { mastersWords, parseJournal, wordsFor, type LogLine } from '../../../src/run/daemon-log.ts';
import { withLastWords } from '../../../src/run/last-words.ts';
import { WORLD } from '../../../src/run/world.ts';
import type { Finding, Snapshot } from '../../../src/model/index.ts';
import { memoryRemote } from '../../../src/remote/memory.ts';

const world = { ...WORLD, clock: () => 0 };
const byPort = new Map([25, 465, 587].map((port) => [port, port === 465 ? ['postfix/smtps'] : ['postfix']]));
const NAMES = { main: 'postfix', byPort };
const failure = (port: number, check: string, text = 'said nothing more for 8 s'): Finding => {
  return { port, check, status: 'fail', text, via: 'direct' };
};
const lines = (...all: readonly (readonly [ident: string, text: string])[]): LogLine[] =>
  all.map(([ident, text], index) => ({ at: index, ident, text }));

const DEATH = [
  [
    'postfix/smtps/smtpd',
    "warning: SASL: Connect to Dovecot auth socket 'private/auth' failed: No such file or directory",
  ],
  ['postfix/smtps/smtpd', 'fatal: no SASL authentication mechanisms'],
  ['postfix/master', 'warning: process /usr/lib/postfix/sbin/smtpd pid 999 exit status 1'],
  ['postfix/master', 'warning: /usr/lib/postfix/sbin/smtpd: bad command startup -- throttling'],
] as const;

describe('run: the last log lines of a daemon', () => {
  it('the lines are those of the service on the port, found by its syslog_name', () => {
    const words = [
      "smtpd: warning: SASL: Connect to Dovecot auth socket 'private/auth' failed: No such file or directory",
      'smtpd died: no SASL authentication mechanisms',
    ];
    assert.deepEqual(wordsFor(failure(465, 'answers'), lines(...DEATH), NAMES), words);
    assert.deepEqual(wordsFor(failure(25, 'answers'), lines(...DEATH), NAMES), []);
    assert.match(
      mastersWords(lines(...DEATH), NAMES).at(-1) ?? '',
      /^master: warning: .*bad command startup -- throttling$/,
    );
  });

  it('a failed delivery also shows the programs that smtpd asks about recipients', () => {
    const log = lines(['postfix/proxymap', 'error: open database /etc/aliases.db: No such file or directory']);
    assert.deepEqual(wordsFor(failure(25, 'delivery'), log, NAMES), [
      'proxymap: error: open database /etc/aliases.db: No such file or directory',
    ]);
    assert.deepEqual(wordsFor(failure(25, 'tls'), log, NAMES), []);
  });

  it('warnings about other clients and secrets are not shown', () => {
    const log = lines(
      ['postfix/smtpd', 'warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: UGFzc3dvcmQ6'],
      ['postfix/smtpd', 'warning: hostname foo.example does not resolve to address 192.0.2.7'],
      ['postfix/smtpd', 'warning: TLS library problem: error:0A0000C1:SSL routines::no shared cipher'],
      ['postfix/smtpd', 'fatal: mysql:/etc/x: bad string: password = swordfish'],
    );
    const words = wordsFor(failure(25, 'delivery'), log, NAMES);
    assert.equal(words.length, 1);
    assert.match(words[0] ?? '', /^smtpd died: /);
    assert.match(wordsFor(failure(25, 'tls'), log, NAMES).join('\n'), /TLS library problem/);
  });

  it('lines of Dovecot are those of the protocol and the user of the probe, without session numbers, each once', () => {
    const log = lines(
      ['dovecot', 'imap(bob)<1><a/b+c>: Error: not his'],
      ['dovecot', 'imap(alice)<344><SGyf03RhrNkAAAAA/+>: Error: mkdir(/srv/vmail/alice) failed: Permission denied'],
      ['dovecot', 'imap(alice)<345><SGyf03RhrNkAAAAB>: Error: mkdir(/srv/vmail/alice) failed: Permission denied'],
      ['dovecot', 'pop3(alice)<361><NqnO03Rh1q4>: Error: not this protocol'],
      ['dovecot', 'lmtp(alice)<361>: Error: not a protocol of users'],
      ['dovecot', 'auth: Error: passwd-file /etc/users: open failed: password=swordfish'],
    );
    const words = wordsFor(failure(993, 'mailbox'), log, NAMES, 'alice');
    assert.deepEqual(words, [
      'imap(alice): Error: mkdir(/srv/vmail/alice) failed: Permission denied',
      'auth: Error: passwd-file /etc/users: open failed: password=********',
    ]);
    assert.deepEqual(wordsFor(failure(993, 'answers'), log.slice(0, 3), NAMES), []);
  });

  it('any content of the journal is read', () => {
    const text = [
      '1796004249',
      '{"SYSLOG_IDENTIFIER":"dovecot","MESSAGE":"master: Error: x","__REALTIME_TIMESTAMP":"1796004240000000"}',
      '{"SYSLOG_IDENTIFIER":"dovecot","MESSAGE":[109,228],"__REALTIME_TIMESTAMP":"1796004241000000"}',
      '{"MESSAGE":null}',
      '{broken',
    ].join('\n');
    assert.deepEqual(parseJournal(text), [
      { at: 1796004240, ident: 'dovecot', text: 'master: Error: x' },
      { at: 1796004241, ident: 'dovecot', text: 'm\xe4' },
    ]);
  });
});

describe('run: findings with the last log lines of the daemons', () => {
  const snapshot = { facts: {}, files: {} } as unknown as Snapshot;
  const entry = (ago: number, ident: string, message: string) =>
    JSON.stringify({ SYSLOG_IDENTIFIER: ident, MESSAGE: message, __REALTIME_TIMESTAMP: `${(10_000 - ago) * 1e6}` });
  const host = (...log: string[]) => {
    const asked: string[] = [];
    const run = (script: string) => {
      asked.push(script);
      return { stdout: ['10000', ...log].join('\n') };
    };
    return { remote: memoryRemote({ run }), asked };
  };

  it('no journal is read when no check failed', async () => {
    const { remote, asked } = host();
    const well: Finding[] = [{ port: 25, check: 'relay', status: 'warn', text: '', via: 'direct' }];
    assert.equal(await withLastWords(remote, snapshot, well, 0, { world, compute: inThisThread }), well);
    assert.deepEqual(asked, []);
  });

  it('one command reads the journal, and the reason of a death replaces the silence of the server', async () => {
    const { remote, asked } = host(
      entry(40, 'postfix/smtpd', 'warning: SASL: Connect to Dovecot auth socket failed'),
      entry(40, 'postfix/smtpd', 'fatal: no SASL authentication mechanisms'),
      entry(0, 'postfix/smtps/smtpd', 'fatal: something else, on another port'),
      entry(0, 'postfix/master', 'warning: /usr/lib/postfix/sbin/smtpd: bad command startup -- throttling'),
    );
    const found = await withLastWords(remote, snapshot, [failure(25, 'answers'), failure(993, 'tls')], 0, {
      world,
      compute: inThisThread,
    });
    assert.equal(asked.length, 1);
    assert.equal(found[0]?.text, 'smtpd died: no SASL authentication mechanisms (said nothing more for 8 s)');
    assert.equal(found[1]?.text, 'said nothing more for 8 s');
    assert.equal(found[1]?.journal, undefined);
  });

  it('an old warning explains nothing', async () => {
    const { remote } = host(entry(40, 'postfix/smtpd', 'warning: dict_nis_init: NIS domain name not set'));
    const [found] = await withLastWords(remote, snapshot, [failure(25, 'delivery', 'cannot')], 0, {
      world,
      compute: inThisThread,
    });
    assert.equal(found?.journal, undefined);
  });

  it('a lost connection changes no finding', async () => {
    const remote = memoryRemote({ run: () => Promise.reject(new Error('lost')) });
    const findings = [failure(25, 'answers')];
    assert.equal(await withLastWords(remote, snapshot, findings, 0, { world, compute: inThisThread }), findings);
  });
});
