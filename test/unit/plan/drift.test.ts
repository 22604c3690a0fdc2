import assert from 'node:assert/strict';
import type { Change, Plan, Transaction } from '../../../src/model/index.ts';
import { driftOf } from '../../../src/plan/drift.ts';

const change = (before: string | null, after: string | null, path = '/etc/postfix/main.cf'): Change => {
  return { path, target: path, before, after, sha256: '', mode: '0644', owner: 'root:root' };
};
const wrote = (id: string, after: string | null, state = 'committed'): Transaction => {
  return { id, who: 'ann', state, reason: '', changes: [change('a = 0\n', after)] };
};
const plan = (...changes: Change[]): Plan => {
  return { tasks: [], actions: [], settings: [], changes, activations: [], notes: [] };
};

describe('plan: drift', () => {
  const now = 'a = 1\n';
  const cases: readonly (readonly [string, Transaction[], { transaction: string | null; edited: boolean }])[] = [
    ['a file that no transaction wrote is reported without a transaction', [], { transaction: null, edited: false }],
    ['a file that changed after its transaction is edited', [wrote('t1', 'a = 2\n')], { transaction: 't1', edited: true }],
    ['a file that is as its transaction left it is not edited, even if the plan wants more', [wrote('t1', now)], { transaction: 't1', edited: false }],
    ['only the last transaction that wrote the file counts', [wrote('t2', now), wrote('t1', 'a = 2\n')], { transaction: 't2', edited: false }],
    ['a transaction that was rolled back does not count', [wrote('t2', now, 'rolled-back'), wrote('t1', 'a = 2\n')], { transaction: 't1', edited: true }],
  ]; // oxfmt-ignore
  for (const [what, history, expected] of cases) {
    it(what, () => {
      const { files } = driftOf(plan(change(now, 'a = 3\n')), history, []);
      assert.deepEqual(files, [{ path: '/etc/postfix/main.cf', ...expected }]);
    });
  }

  it('files that wait for a merge are reported', () => {
    assert.deepEqual(driftOf(plan(), [], ['/etc/dovecot/a.ucf-dist']), {
      files: [],
      leftovers: ['/etc/dovecot/a.ucf-dist'],
    });
  });
});
