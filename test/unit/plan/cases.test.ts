import assert from 'node:assert/strict';
import { compose } from '../../../src/plan/compose.ts';
import { accept, afterwards, cases, outcomeOf } from './cases.ts';

describe('plan: cases', () => {
  for (const one of cases()) {
    it(one.title, () => {
      const outcome = outcomeOf(one);
      if (process.env['ACCEPT']) accept(one, outcome);
      else {
        const { notes, actions, activations, unknown, error } = outcome;
        assert.deepEqual(outcome.after, one.after);
        assert.deepEqual({ notes, actions, activations, unknown, error }, one.expected);
      }
      if (outcome.plan === null) return;

      for (const { path, target, before, sha256, mode, owner } of outcome.plan.changes) {
        const file = one.snapshot.files[path];
        if (file === undefined) assert.deepEqual({ before, sha256 }, { before: null, sha256: '' });
        else {
          const { bytes, ...rest } = file;
          assert.deepEqual(
            { target, before, sha256, mode, owner, path, changed: file.changed },
            { before: bytes, ...rest },
          );
        }
        const ours = path.startsWith('/etc/letsencrypt/');
        if (before !== null && !ours) {
          assert.deepEqual(comments(outcome.after[path] ?? ''), comments(before), 'a comment is lost');
        }
      }

      const again = compose(afterwards(one, outcome.plan), one.policy, one.tasks);
      assert.deepEqual(again.changes, [], 'a second run changes files');
      assert.deepEqual(again.activations, [], 'a second run loads the daemons again');
      assert.deepEqual(again.actions, outcome.actions);
      assert.deepEqual(
        again.settings.map(({ setting }) => setting),
        outcome.unknown,
      );
    });
  }
});

/** Lines that are comments, trimmed: none may go, and none may move. */
function comments(bytes: string): string[] {
  return bytes
    .split('\n')
    .filter((line) => /^\s*#/.test(line))
    .map((line) => line.trim());
}
