import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Diagnosis, Ending } from '../../../src/model/index.ts';
import { diffOf } from '../../../src/plan/diff.ts';
import { jsonDocument } from '../../../src/report/json.ts';
import { assertDocument } from '../../support/report/document.ts';
import { MAPS } from '../../support/report/map-data.ts';
import { facts, pass, plan, result } from '../../support/report/results.ts';
import { VIEWS } from '../../support/report/views.ts';

const receipt = { id: '20261124T101500Z-4f2a', state: 'committed', step: 'end', reason: '' } as const;
const results = [
  result({ kind: 'changed', receipt }, { plan, findings: [pass] }),
  result({ kind: 'failed', code: 'AUTH_FAILED', message: 'no', hint: 'do', exit: 4 }, { host: 'mx2', facts: null }),
  result(
    {
      kind: 'failed',
      code: 'ROLLED_BACK',
      message: 'no',
      hint: 'do',
      exit: 5,
      receipt: { ...receipt, state: 'rolled-back' },
    },
    { host: 'mx3' },
  ),
  result(
    { kind: 'history', transactions: [{ id: 'a', who: 'ann', state: 'committed', reason: '', changes: plan.changes }] },
    { host: 'mx4' },
  ),
];
const run = {
  command: 'apply',
  tool: '1.2.3',
  started: '2026-11-24T10:15:00.000Z',
  seconds: 2.34567,
  exit: 5,
} as const;
const printed = jsonDocument(run, results, new Map([['mx1', plan.changes.map((change) => diffOf(change))]]), VIEWS);
const document = JSON.parse(printed) as { hosts: Record<string, unknown>[] };

describe('report: --json', () => {
  it('the output is one document and ends with a line end', () => {
    assert.deepEqual(Object.keys(document), ['version', 'command', 'tool', 'started', 'seconds', 'exit', 'hosts']);
    assert.deepEqual({ ...document, hosts: [] }, { version: 1, ...run, seconds: 2.346, hosts: [] });
    assert.ok(printed.endsWith('}\n'));
    assert.deepEqual(
      document.hosts.map(({ host }) => host),
      ['mx1', 'mx2', 'mx3', 'mx4'],
    );
  });

  it('the settings of a request for a certificate stand beside its names', () => {
    const names = { kind: 'certificate', name: 'mx1', domain: 'mx1', domains: ['mx1'], challenge: 'webroot' } as const;
    const request = { webroot: '/srv/www', keyType: 'rsa' } as const;
    const asks = { ...plan, actions: [{ ...names, request }] };
    const text = jsonDocument(run, [result({ kind: 'pending' }, { host: 'mx1', plan: asks })], new Map(), VIEWS);
    const { hosts } = JSON.parse(text) as { hosts: { plan: { actions: unknown[] } }[] };
    assert.deepEqual(hosts[0]?.plan.actions, [{ ...names, ...request }]);
  });

  it('the document has all data of a host', () => {
    const [first] = document.hosts;
    assert.ok(first);
    const { plan: told, ...rest } = first;
    assert.deepEqual(rest, {
      host: 'mx1',
      outcome: 'changed',
      exit: 0,
      transaction: '20261124T101500Z-4f2a',
      state: 'committed',
      seconds: 1.235,
      facts: { os: facts.os.pretty, postfix: '3.7.11', dovecot: '2.3.19.1', hostname: 'mx1.example.test' },
      findings: [{ id: '25/starttls', ...pass }],
    });
    const { files, ...others } = told as { files: { path: string; diff: string }[] };
    const { changes, ...planned } = plan;
    const actions = plan.actions.map((action) => ({ ...action, request: undefined }));
    assert.deepEqual(others, JSON.parse(JSON.stringify({ ...planned, actions })));
    assert.deepEqual(
      files,
      changes.map((one, i) => {
        const { path, mode, owner } = one;
        return { path, was: one.before === null ? 'new' : 'changed', mode, owner, diff: diffOf(changes[i]!) };
      }),
    );
    assert.ok(files.every(({ diff }) => diff.startsWith('--- ')));
  });

  it('the document has the error of a failure and the end of a transaction', () => {
    const [, second, third, fourth] = document.hosts;
    assert.deepEqual(second, {
      host: 'mx2',
      outcome: 'failed',
      exit: 4,
      error: { code: 'AUTH_FAILED', message: 'no', hint: 'do' },
      seconds: 1.235,
      facts: null,
      plan: null,
      findings: [],
    });
    assert.deepEqual([third?.['transaction'], third?.['state'], third?.['exit']], [receipt.id, 'rolled-back', 5]);
    const files = plan.changes.map(({ path }) => path);
    assert.deepEqual(fourth?.['history'], [{ id: 'a', who: 'ann', state: 'committed', reason: '', files }]);
  });

  it('the document holds no secret and no whole file', () => {
    assert.doesNotMatch(printed, /hunter2/);
    assert.match(printed, /relay_password = \*{8}/);
  });

  const bad: Diagnosis = { check: 'login', status: 'fail', text: 'no', hint: 'do', exit: 4, seconds: 0.1 };
  const file = { path: '/etc/postfix/main.cf', transaction: null, edited: false };
  const endings: Ending[] = [
    { kind: 'unchanged' },
    { kind: 'pending' },
    { kind: 'declined' },
    { kind: 'verified' },
    { kind: 'changed' },
    { kind: 'changed', receipt },
    { kind: 'examined', diagnoses: [bad] },
    { kind: 'checked', drift: { files: [file], leftovers: ['/etc/dovecot/dovecot.conf.ucf-dist'] } },
    { kind: 'examined', diagnoses: [{ ...bad, status: 'warn', exit: 0 }] },
    ...Object.values(MAPS).map((map): Ending => ({ kind: 'mapped', map })),
    { kind: 'foreseen', release: 'trixie' },
    { kind: 'dns', records: ['; none'] },
    { kind: 'history', transactions: [] },
    { kind: 'failed', code: 'CONFIG_INVALID', message: 'no', hint: 'do', exit: 1, excerpt: '1 | x', receipt },
  ];
  for (const ending of endings) {
    it(`the document of the ending "${ending.kind}" is valid in the schema`, () => {
      assertDocument(jsonDocument(run, [result(ending, { plan, findings: [pass] })], new Map(), VIEWS));
      assertDocument(jsonDocument(run, [result(ending, { facts: null })], new Map(), VIEWS));
    });
  }

  it('the document is valid in the schema even if no host was started', () => {
    assertDocument(printed);
    assertDocument(
      jsonDocument({ ...run, dryRun: true, error: { code: 'USAGE', message: 'm', hint: 'h' } }, [], new Map(), VIEWS),
    );
  });

  for (const [what, spoil] of [
    ['that lacks a field', ({ exit, ...rest }) => ({ ...rest, was: exit })],
    ['of another version', (whole) => ({ ...whole, version: 2 })],
    ['with an unknown outcome', ({ hosts: [one], ...rest }) => ({ ...rest, hosts: [{ ...one, outcome: 'x' }] })],
    [
      'that lacks a field of its outcome',
      ({ hosts: [one], ...rest }) => ({ ...rest, hosts: [{ ...one, outcome: 'failed' }] }),
    ],
    ['with a field outside the schema', (whole) => ({ ...whole, more: 1 })],
  ] as readonly (readonly [string, (whole: Record<string, unknown> & { hosts: object[] }) => object])[]) {
    it(`the check of the tests refuses a document ${what}`, () => {
      assert.throws(() => assertDocument(JSON.stringify(spoil({ ...document }))));
    });
  }

  it('the document holds every value exactly, without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (message) => {
        const failed = result({ kind: 'failed', code: 'BUG', message, hint: '', exit: 1 });
        const text = jsonDocument({ ...run, exit: 1 }, [failed], new Map(), VIEWS);
        assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u);
        assert.equal(
          (JSON.parse(text) as { hosts: { error: { message: string } }[] }).hosts[0]?.error.message,
          message,
        );
      }),
    );
  });
});
