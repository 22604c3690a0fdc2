import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { diffOf } from '../../../src/plan/diff.ts';
import { jsonDocument } from '../../../src/report/json.ts';
import { facts, pass, plan, result } from './results.ts';

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
const printed = jsonDocument('apply', 5, results, new Map([['mx1', plan.changes.map(diffOf)]]));
const document = JSON.parse(printed) as { hosts: Record<string, unknown>[] };

describe('report: --json', () => {
  it('is one document, with a line end at its end', () => {
    assert.deepEqual(Object.keys(document), ['version', 'command', 'exit', 'hosts']);
    assert.deepEqual({ ...document, hosts: [] }, { version: 1, command: 'apply', exit: 5, hosts: [] });
    assert.ok(printed.endsWith('}\n'));
    assert.deepEqual(
      document.hosts.map(({ host }) => host),
      ['mx1', 'mx2', 'mx3', 'mx4'],
    );
  });

  it('tells a host in full', () => {
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
      findings: [pass],
    });
    const { files, ...others } = told as { files: { path: string; diff: string }[] };
    const { changes, ...planned } = plan;
    assert.deepEqual(others, JSON.parse(JSON.stringify(planned)));
    assert.deepEqual(
      files,
      changes.map(({ path, mode, owner }, i) => ({ path, mode, owner, diff: diffOf(changes[i]!) })),
    );
    assert.ok(files.every(({ diff }) => diff.startsWith('--- ')));
  });

  it('tells a failure, and how a transaction ended', () => {
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

  it('holds no secret, and no file as a whole', () => {
    assert.doesNotMatch(printed, /hunter2/);
    assert.match(printed, /relay_password = \*{8}/);
  });

  it('has no field that docs/json.md does not name', () => {
    const docs = readFileSync(new URL('../../../docs/json.md', import.meta.url), 'utf8');
    for (const field of new Set(document.hosts.flatMap((host) => Object.keys(host)))) {
      assert.ok(docs.includes(`hosts[].${field}`), field);
    }
  });

  it('holds every value exactly, and nothing that a terminal would obey', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (message) => {
        const failed = result({ kind: 'failed', code: 'BUG', message, hint: '', exit: 1 });
        const text = jsonDocument('apply', 1, [failed], new Map());
        assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u);
        assert.equal(
          (JSON.parse(text) as { hosts: { error: { message: string } }[] }).hosts[0]?.error.message,
          message,
        );
      }),
    );
  });
});
