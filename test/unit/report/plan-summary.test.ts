import assert from 'node:assert/strict';
import { Chalk } from 'chalk';
import type { Change, Plan, Profile } from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { fileLine } from '../../../src/report/file-lines.ts';
import { fit } from '../../../src/report/fit.ts';
import { summaryLines } from '../../../src/report/plan-summary.ts';
import { diffsFor } from '../../../src/terminal/diffs.ts';
import { terminal } from '../../../src/terminal/terminal.ts';
import { afterwards, cases } from '../../support/plan/cases.ts';
import { EMPTY, facts, HOSTILE, plan, result } from '../../support/report/results.ts';
import { VIEWS } from '../../support/report/views.ts';
import { screen } from '../../support/screen.ts';

const plain = new Chalk({ level: 0 });
const stock = cases().find(({ title }) => title === 'recipe/stock-debian-12')!;
/** Standard for a stock host; strict for a host with standard, whose users lose something. */
const standard = compose(stock.snapshot, stock.policy);
const planOf = (profile: Profile): Plan =>
  profile === 'standard' ? standard : compose(afterwards(stock, standard), { ...stock.policy, profile });
const summary = (of: Plan): string[] => summaryLines(of, 'mx1', plain, 80);

const file = (path: string, before: string | null, after: string | null): Change => {
  return { path, target: path, before, after, sha256: '', mode: '0644', owner: 'root:root' };
};
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

describe('report: the plan in short', () => {
  it('the summary of a stock host has files, settings, daemons, and what ends for whom', () => {
    assert.deepEqual(summary(planOf('standard')), [
      '',
      'mx1: the plan in short',
      '  change       34 settings in 5 files: main.cf, master.cf, 10-auth.conf,',
      '               10-master.conf, 10-ssl.conf',
      '  new          /etc/letsencrypt/renewal-hooks/deploy/harden-mail',
      '  daemons      reload dovecot, postfix',
      '  stricter     IMAP and POP3 without TLS end: 143 and 110 ask for STARTTLS',
      '               where SMTP requires TLS (465, 587), it is TLS 1.2 or later',
      '               IMAP and POP3 need TLS 1.2 or later',
      '  left         an audit would still report, with low weight: tls-versions,',
      '               tls-suites, tls-order, vrfy (--profile strict ends it)',
    ]);
  });

  it('the summary of strict says what TLS clients need, and repeats every warning', () => {
    const strict = planOf('strict');
    const lines = summary(strict).join('\n');
    assert.match(lines, /on 465 and 587, clients need TLS 1\.3, or 1\.2 with ECDHE and AEAD/);
    const warned = strict.notes.filter(({ level }) => level === 'warning');
    assert.notEqual(warned.length, 0);
    const words = lines.replace(/\s+/g, ' ');
    for (const { text } of warned) assert.ok(words.includes(`! ${text}`), text);
  });

  for (const profile of ['standard', 'strict'] as const)
    it(`the summary and every warning of ${profile} fit a terminal of 24 lines and 80 columns, with the question`, () => {
      const lines = summary(planOf(profile));
      assert.ok(lines.length <= 23, lines.join('\n'));
      for (const line of lines) assert.ok(line.length <= 80, line);
    });

  it('many files and many effects are counted, and warnings are not', () => {
    const long: Plan = {
      ...plan,
      changes: Array.from({ length: 30 }, (_, at) => file(`/etc/dovecot/conf.d/${at}.conf`, 'a', 'b')),
      effects: Array.from({ length: 30 }, (_, at) => ({ kind: 'tightens', id: 'tls', text: `effect ${at}` })),
      notes: Array.from({ length: 5 }, (_, at) => ({ task: 'sasl', level: 'warning', text: `warning ${at}` })),
    };
    const lines = summary(long);
    assert.match(lines.join('\n'), /30 files: 0\.conf, 1\.conf, 2\.conf, 3\.conf and 26\s+more/);
    assert.match(lines.join('\n'), /and 24 more, listed above/);
    assert.equal(lines.filter((line) => /^ {2}! warning \d$/.test(line)).length, 5);
    assert.ok(lines.length <= 23);
  });

  it('a plan without changes has no summary', () => assert.deepEqual(summary(EMPTY), []));

  it('every text of a host is escaped in the summary', () => {
    const bad: Plan = {
      ...plan,
      changes: [file(HOSTILE, null, 'x')],
      notes: [{ task: 'sasl', level: 'warning', text: HOSTILE }],
      effects: [{ kind: 'tightens', id: 'tls', text: HOSTILE }],
    };
    assert.doesNotMatch(summaryLines(bad, HOSTILE, plain, 80).join('\n'), /[\u001b\u202e]/);
  });

  it('the summary is the last text above the question', async () => {
    const { process, out } = screen(true);
    await terminal(process, { color: 'never' }).show([{ name: 'mx1', domain: 'mx1', facts, plan: planOf('standard') }]);
    assert.ok(
      out()
        .trimEnd()
        .endsWith(summary(planOf('standard')).join('\n')),
    );
  });
});

describe('report: files of a plan', () => {
  it('a new file and a removed file are one line each, and a changed file has no line', () => {
    assert.equal(fileLine(file('/a', null, '1\n2\n3\n'), false), 'new: /a, 3 lines');
    assert.equal(fileLine(file('/a', null, '1'), false), 'new: /a, 1 line');
    assert.equal(fileLine(file('/a', '1\n', null), false), 'removed: /a, 1 line');
    assert.equal(fileLine(file('/a', '1\n', '2\n'), false), null);
  });

  it('--diff=full shows new files, and certificates stay one line', async () => {
    const files = [file('/new', null, 'x = 1\n'), file('/ca.pem', null, PEM), file('/old.pem', PEM, `${PEM}${PEM}`)];
    assert.deepEqual(await diffsFor('yes')(files), [
      'new: /new, 1 line',
      'new: /ca.pem, 3 lines of certificates',
      'changed: /old.pem, 6 lines of certificates',
    ]);
    const [shown, ...certificates] = await diffsFor('full')(files);
    assert.match(shown ?? '', /^--- \/dev\/null\n\+\+\+ \/new\n@@ .*\n\+x = 1$/m);
    assert.deepEqual(certificates, (await diffsFor('yes')(files)).slice(1));
    assert.deepEqual(await diffsFor('no')(files), []);
  });
});

describe('report: a no', () => {
  it('a no prints one line, whatever the checks found before', async () => {
    const { process, out } = screen(true);
    const bad = { port: 25, check: 'tls', status: 'fail', text: 'self-signed', via: 'direct' } as const;
    const results = [result({ kind: 'declined' }, { plan: planOf('standard'), findings: [bad] })];
    const run = { command: 'apply', version: '1', views: VIEWS, dryRun: false, began: 0, seconds: 1, exit: 0, results };
    await terminal(process, { color: 'never' }).finish(run);
    assert.equal(out(), 'mx1  declined: nothing was written\n');
  });
});

describe('report: Ctrl-C', () => {
  for (const [ending, stands] of [
    [{ kind: 'changed' }, true],
    [{ kind: 'declined' }, false],
  ] as const)
    it(`after Ctrl-C a host that is ${ending.kind} is ${stands ? '' : 'not '}reported as a change that stands`, async () => {
      const { process, out } = screen(true);
      const run = { command: 'apply', version: '1', views: VIEWS, dryRun: false, began: 0, seconds: 1, exit: 130 };
      await terminal(process, { color: 'never' }).finish({ ...run, interrupted: true, results: [result(ending)] });
      assert.equal(/Ctrl-C came after the plan was accepted: the change stands/.test(out()), stands);
    });
});

describe('report: lines for a terminal', () => {
  it('a long line is broken at words, and its rest begins below its text', () => {
    const line = `  ✔  25 answers              answers: "220 mx1.example.test ESMTP Postfix (Debian/GNU) and more words"`;
    assert.deepEqual(fit(line, 80), [
      '  ✔  25 answers              answers: "220 mx1.example.test ESMTP Postfix',
      '                             (Debian/GNU) and more words"',
    ]);
    assert.deepEqual(fit(line, Infinity), [line]);
  });

  it('the codes of colours take no column', () => {
    const coloured = new Chalk({ level: 1 });
    const line = `  ${coloured.red('!')} ${'word '.repeat(14).trim()}`;
    assert.deepEqual(fit(line, 80), [line]);
    assert.deepEqual(
      fit(`${line} ${coloured.bold('more words')}`, 80).map((one) => one.replace(/\u001b\[\d+m/g, '').length <= 80),
      [true, true],
    );
  });

  it('a command to copy is never broken', () => {
    const command = `    harden-mail rollback --host mx1.example.test ${'--ssh-config /a/long/path '.repeat(4)}`;
    assert.deepEqual(fit(command, 80), [command]);
  });
});
