import assert from 'node:assert/strict';
import { Chalk } from 'chalk';
import { CONVERSION, type Ending, type Finding, type Plan } from '../../../src/model/index.ts';
import { findingLines } from '../../../src/report/findings.ts';
import { transactionLines } from '../../../src/report/transaction-lines.ts';
import { diffLines, headline, planLines, planTotal } from '../../../src/report/plan-lines.ts';
import { totalLine } from '../../../src/report/total.ts';
import { page } from '../../../src/report/page.ts';
import { documentOf } from '../../support/report/documents.ts';
import { EMPTY, facts, fail, hint, HOSTILE, pass, plan, result, warn } from '../../support/report/results.ts';
import { endingLine, VIEWS } from '../../support/report/views.ts';

const plain = new Chalk({ level: 0 });
const coloured = new Chalk({ level: 1 });
const receipt = { id: '20261124T101500Z-4f2a', state: 'committed', step: 'end', reason: '' } as const;

describe('report: headline', () => {
  it('the headline shows the system and the versions', () => {
    assert.equal(
      headline('mx1', facts, plain),
      'mx1  Debian GNU/Linux 12 (bookworm) · Postfix 3.7.11 · Dovecot 2.3.19.1',
    );
  });

  it('a version that apt could install is not shown as installed', () => {
    const packages = Object.fromEntries(Object.entries(facts.packages).filter(([name]) => name !== 'postfix'));
    assert.equal(
      headline('mx1', { ...facts, packages, postfix: '3.7.11', dovecot: null }, plain),
      'mx1  Debian GNU/Linux 12 (bookworm) · no Postfix · Dovecot ',
    );
  });
});

describe('report: plan', () => {
  it('the plan has a line for each task, followed by the notes', () => {
    const lines = planLines(plan, plain);
    assert.deepEqual(lines, [
      '  ✔ install      postfix, dovecot-imapd, dovecot-pop3d, certbot are there',
      '  ~ certbot      would request a certificate for mx1.example.test (http-01, standalone)',
      '  ~ sasl         4 settings in main.cf, 3 in master.cf, 4 in dovecot.conf',
      '  ~ starttls     9 settings in main.cf',
      '  ~ smtps        10 settings in master.cf',
      '  ~ plaintext    1 setting in main.cf, 1 in dovecot.conf',
      '  ~ dovecot-ssl  4 settings in dovecot.conf',
      '  ~ restart      reload dovecot: its files change; reload postfix: its files change',
      '  · /etc/postfix/master.cf:1: smtp/inet serves nobody: TLS is required and cannot be had. This plan repairs it',
      '  · smtpd_tls_security_level: encrypt stays: it is as strict as may, or stricter',
      '  + opens: users may log in on 25 (smtp/inet) after STARTTLS, and send',
      '  + opens: 465 (submissions/inet) is new: users log in there inside TLS, and send',
      '  + opens: Postfix may ask Dovecot about passwords through /var/spool/postfix/private/auth',
      "  - stricter: 25 (smtp/inet): mail for elsewhere from a stranger, a stranger with one of this host's senders is refused (smtpd_recipient_restrictions: reject_unauth_destination)",
      '  - stricter: where SMTP requires TLS (465, 587), it is TLS 1.2 or later',
      '  - stricter: IMAP and POP3 need TLS 1.2 or later',
    ]);
  });

  it('settings that no diff can show are listed', () => {
    const unknown: Plan = {
      ...EMPTY,
      tasks: [
        { name: 'sasl', state: 'unknown', summary: '2 settings in main.cf' },
        { name: 'starttls', state: 'change', summary: '1 setting in main.cf' },
      ],
      settings: (['sasl', 'starttls'] as const).map((task) => {
        return { task, fragment: 'x', setting: `of_${task}`, file: '/etc/postfix/main.cf', before: null, after: 'yes' };
      }),
    };
    assert.deepEqual(planLines(unknown, plain), [
      '  ? sasl      2 settings in main.cf',
      '  ~ starttls  1 setting in main.cf',
      '      main.cf  of_sasl = yes',
    ]);
  });

  it('warnings are marked, and an empty plan prints nothing', () => {
    const warned: Plan = { ...EMPTY, notes: [{ task: 'install', level: 'warning', text: 'apt would remove exim4' }] };
    assert.deepEqual(planLines(warned, plain), ['  ! apt would remove exim4']);
    assert.deepEqual(planLines(EMPTY, plain), []);
  });

  it('the total counts packages, certificates, files, settings and reloads', () => {
    const total = `Plan: 1 certificate, 4 files, ${plan.settings.length} settings; reload dovecot, postfix.`;
    assert.equal(planTotal(plan), total);
    assert.equal(planTotal(EMPTY), 'Plan: no file.');
    const one = {
      ...EMPTY,
      actions: [{ kind: 'install', packages: ['postfix', 'certbot'] }],
      settings: plan.settings.slice(0, 1),
      changes: plan.changes.slice(0, 1),
      activations: [
        { unit: 'postfix', how: 'start', why: '' },
        { unit: 'dovecot', how: 'reload', why: '' },
      ],
    } as const;
    assert.equal(planTotal(one), 'Plan: 2 packages, 1 file, 1 setting; start postfix; reload dovecot.');
  });
});

describe('report: diff', () => {
  const diff = '--- a\n+++ a\n@@ -1,2 +1,2 @@\n same\n-old\n+new\n';

  it('a diff without colours is unchanged', () => assert.equal(diffLines(diff, plain), diff.trimEnd()));

  it('a diff has a colour for each kind of line', () => {
    const [from, to, at, same, old, now] = diffLines(diff, coloured).split('\n');
    assert.deepEqual(
      [from, to, at, same, old, now],
      [
        '\u001b[1m--- a\u001b[22m',
        '\u001b[1m+++ a\u001b[22m',
        '\u001b[36m@@ -1,2 +1,2 @@\u001b[39m',
        ' same',
        '\u001b[31m-old\u001b[39m',
        '\u001b[32m+new\u001b[39m',
      ],
    );
  });
});

describe('report: findings', () => {
  it('only findings other than a pass are shown', () => {
    assert.deepEqual(findingLines([pass, fail, warn, hint], plain, false), [
      '  ✖ 143 logindisabled        a plain login is taken',
      '  ! 993 expiry               expires in 9 days',
      '  · 465 reach                listens, but is not reachable (seen through SSH)',
    ]);
  });

  it('every finding is shown when the caller asks for it', () => {
    assert.equal(findingLines([pass, fail, warn, hint], plain, true).length, 4);
    assert.deepEqual(findingLines([pass], plain, true), ['  ✔  25 starttls             STARTTLS is offered']);
  });
});

describe('report: the log lines of a daemon', () => {
  it('the log lines are below the finding, wrapped at 80 columns', () => {
    const journal = [
      'imap(alice): Error: mkdir(/srv/vmail/alice) failed: Permission denied (euid=1000(alice) egid=1000(alice))',
      'auth: Error: \u001b[31mx',
    ];
    const lines = findingLines([{ ...fail, journal }], plain, false);
    assert.deepEqual(lines.slice(1), [
      '      log: imap(alice): Error: mkdir(/srv/vmail/alice) failed: Permission denied',
      '           (euid=1000(alice) egid=1000(alice))',
      '      log: auth: Error: \\u{1b}[31mx',
    ]);
    assert.ok(lines.slice(1).every((line) => line.length <= 80));
  });
});

describe('report: the total', () => {
  it('the total counts several hosts by their outcome', () => {
    const drift = { files: [], leftovers: [] };
    const failed: Ending = { kind: 'failed', code: 'X', message: 'm', hint: 'h', exit: 1 };
    const all = [
      result({ kind: 'unchanged' }),
      result(failed),
      result({ kind: 'changed' }),
      result({ kind: 'unchanged' }),
    ];
    assert.deepEqual(totalLine(all, VIEWS), ['4 hosts: 2 ok, 1 failed, 1 changed']);
    assert.deepEqual(totalLine(all.slice(0, 1), VIEWS), []);
    const checked = [
      result({ kind: 'drifted', drift }, { plan, exit: 2 }),
      result({ kind: 'checked', drift }, { plan: EMPTY }),
    ];
    assert.deepEqual(totalLine(checked, VIEWS), ['2 hosts: 1 drifted, 1 ok']);
  });
});

describe('report: the last line', () => {
  const last = (ending: Ending, over = {}): string => endingLine(result(ending, over), plain).join('\n');

  it('a check shows the drift of each file, the files that wait for a merge, and the command that fixes the drift', () => {
    const files = [
      { path: '/etc/postfix/main.cf', transaction: 't1', edited: true },
      { path: '/etc/postfix/master.cf', transaction: 't1', edited: false },
      { path: '/etc/dovecot/dovecot.conf', transaction: null, edited: false },
    ];
    const leftovers = ['/etc/dovecot/dovecot.conf.ucf-dist'];
    assert.deepEqual(last({ kind: 'drifted', drift: { files, leftovers } }, { plan }).split('\n'), [
      '  · /etc/dovecot/dovecot.conf.ucf-dist waits for a merge',
      '  ~ /etc/postfix/main.cf       changed since transaction t1',
      '  ~ /etc/postfix/master.cf     as transaction t1 left it: more is wanted now',
      '  ~ /etc/dovecot/dovecot.conf  no transaction of the journal wrote it',
      'mx1  drift: 1 certificate, 4 files, 36 settings; reload dovecot, postfix; `harden-mail apply` fixes it. Nothing was written.',
    ]);
    const well = last({ kind: 'checked', drift: { files: [], leftovers: [] } }, { plan: EMPTY, findings: [pass] });
    assert.equal(well, 'mx1  ok: as it should be, 1 check passed');
  });

  it('a look ahead shows what the upgrade needs', () => {
    const ahead = { kind: 'foreseen', release: 'trixie' } as const;
    assert.match(
      last(ahead, { plan }),
      /^mx1 {2}ahead: after the upgrade to trixie, `harden-mail apply` would change 1 /,
    );
    assert.equal(last(ahead, { plan: EMPTY }), 'mx1  ok: trixie needs no change of these files');
  });

  it('doctor shows each finding with its time and next step', () => {
    const one = {
      check: 'login',
      status: 'ok',
      text: `by key ${HOSTILE}`,
      hint: '',
      exit: 0,
      seconds: 0.1234,
    } as const;
    const bad = { ...one, status: 'fail', text: 'no', hint: `do ${HOSTILE}`, exit: 4 } as const;
    const told = endingLine(result({ kind: 'examined', diagnoses: [one, bad] }), plain);
    assert.deepEqual(told, [
      '  ✔ login        0.12 s  by key \\u{1b}[2J\\u{202e}',
      '  ✖ login        0.12 s  no',
      '      → do \\u{1b}[2J\\u{202e}',
      'mx1  failed: 1 thing is in the way of an apply. Nothing was written.',
    ]);
  });

  for (const [ending, over, line] of [
    [{ kind: 'unchanged' }, { findings: [pass, pass, hint] }, 'mx1  ok: nothing to do, 2 checks passed'],
    [{ kind: 'unchanged' }, { findings: [pass] }, 'mx1  ok: nothing to do, 1 check passed'],
    [{ kind: 'verified' }, { findings: [hint] }, 'mx1  ok: no check passed'],
    [{ kind: 'declined' }, { plan }, 'mx1  declined: nothing was written'],
    [{ kind: 'pending' }, { plan }, `mx1  ${planTotal(plan)} Nothing was written.`],
    [{ kind: 'history', transactions: [] }, {}, 'mx1  no transaction yet'],
    [
      { kind: 'changed', receipt },
      { plan, findings: [pass] },
      `mx1  changed: ${plan.settings.length} settings in 4 files (transaction 20261124T101500Z-4f2a, \`harden-mail rollback\` undoes it), 1 check passed`,
    ],
    [
      { kind: 'changed', receipt },
      { plan: { ...EMPTY, changes: plan.changes.slice(0, 1) }, findings: [pass] },
      'mx1  changed: 1 file (transaction 20261124T101500Z-4f2a, `harden-mail rollback` undoes it), 1 check passed',
    ],
    [
      { kind: 'changed', receipt },
      { plan: { ...EMPTY, activations: plan.activations }, findings: [pass] },
      'mx1  changed: reload dovecot, postfix (transaction 20261124T101500Z-4f2a, `harden-mail rollback` undoes it), 1 check passed',
    ],
    [
      { kind: 'changed', receipt },
      { plan: { ...EMPTY, settings: plan.settings.slice(0, 1).map((one) => ({ ...one, fragment: CONVERSION })) } },
      'mx1  changed: 1 setting (transaction 20261124T101500Z-4f2a, no rollback: Dovecot 2.4 does not start with the old files), no check passed',
    ],
    [
      { kind: 'failed', code: 'PORT_BUSY', message: 'port 80 is held by nginx', hint: 'Stop it.', exit: 1 },
      {},
      'mx1  failed: port 80 is held by nginx\n  → Stop it.',
    ],
    [
      {
        kind: 'failed',
        code: 'CONFIG_INVALID',
        message: 'x:2:3: no',
        hint: 'Mend it.',
        exit: 1,
        excerpt: '2 | a b\n  |   ^',
      },
      {},
      'mx1  failed: x:2:3: no\n    2 | a b\n      |   ^\n  → Mend it.',
    ],
  ] as const) {
    it(`the last line is "${line.split('\n')[0]}"`, () => assert.equal(last(ending, over), line));
  }

  it('a transaction is shown with its time, user, state and files', () => {
    const told = { id: receipt.id, who: 'ann', state: 'committed', reason: '', changes: plan.changes.slice(0, 2) };
    assert.deepEqual(transactionLines(told, plain), [
      '20261124T101500Z-4f2a  2026-11-24 10:15:00 UTC  ann  committed',
      '  /etc/postfix/main.cf, /etc/postfix/master.cf',
    ]);
    assert.match(
      transactionLines({ ...told, state: 'rolled-back', reason: '25: gone', changes: [] }, plain).join('\n'),
      /rolled-back: 25: gone\n {2}no file$/,
    );
  });
});

describe('report: text of a host', () => {
  it('every text of a host is escaped in the terminal', () => {
    const bad = HOSTILE;
    const pkg = { version: bad, status: 'installed' };
    const texts = [
      headline(bad, { ...facts, os: { ...facts.os, pretty: bad }, packages: { postfix: pkg }, postfix: bad }, plain),
      ...planLines(
        {
          ...EMPTY,
          tasks: [{ name: 'sasl', state: 'unknown', summary: bad }],
          settings: [{ task: 'sasl', fragment: 'x', setting: bad, file: `/${bad}`, before: bad, after: bad }],
          notes: [{ task: 'sasl', level: 'info', text: bad }],
        },
        plain,
      ),
      diffLines(`--- ${bad}\n+${bad}`, plain),
      ...findingLines([{ ...fail, text: bad }], plain, true),
      ...transactionLines(
        { id: bad, who: bad, state: bad, reason: bad, changes: [{ ...plan.changes[0]!, path: bad }] },
        plain,
      ),
      ...endingLine(result({ kind: 'changed', receipt: { ...receipt, id: bad } }, { host: bad }), plain),
      ...endingLine(result({ kind: 'failed', code: 'X', message: bad, hint: bad, exit: 1, excerpt: bad }), plain),
    ];
    for (const text of texts) {
      assert.doesNotMatch(text, /\u001b|\u202e/, JSON.stringify(text));
      assert.match(text, /\\u\{1b\}|^ {2}|→/);
    }
  });
});

describe('report: ports that were seen only through SSH', () => {
  const inside = (port: number): Finding => ({ port, check: 'answers', status: 'hint', text: 'listens', via: 'ssh' });

  for (const [ports, told] of [
    [[], ''],
    [[993], ' (993 seen only through SSH)'],
    [[993, 25, 465], ' (25, 465 and 993 seen only through SSH)'],
  ] as const)
    it(`the line of the outcome ends with “${told}”, the document and the page have it too`, () => {
      const found = result({ kind: 'verified' }, { findings: [pass, ...ports.map(inside)] });
      assert.deepEqual(endingLine(found, plain), [`mx1  ok: 1 check passed${told}`]);
      const document = documentOf([found]);
      assert.deepEqual(
        document.hosts[0]?.onlyThroughSsh,
        ports.length === 0 ? undefined : ports.toSorted((a, b) => a - b),
      );
      assert.equal(page(document, VIEWS).includes('seen only through SSH'), told !== '');
    });
});
