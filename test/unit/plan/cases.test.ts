import assert from 'node:assert/strict';
import { compose } from '../../../src/plan/compose.ts';
import { PATHS } from '../../../src/model/index.ts';
import { accept, afterwards, cases, outcomeOf } from '../../support/plan/cases.ts';

describe('plan: cases', () => {
  for (const one of cases()) {
    it(`the plan writes exactly the expected files and a second plan changes nothing: ${one.title}`, () => {
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
        const ours = path.startsWith('/etc/letsencrypt/') || path === PATHS.SNI_MAP;
        if (before !== null && !ours) {
          const now = comments(outcome.after[path] ?? '');
          // A conversion to Dovecot 2.4 also makes comments of what has no effect any more.
          const kept = outcome.notes.some((text) => text.includes('2.3 to 2.4')) ? matched(now, comments(before)) : now;
          assert.deepEqual(kept, comments(before), 'a comment is lost');
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

/** As much of `wanted` as can be found in `lines` in its order. */
function matched(lines: readonly string[], wanted: readonly string[]): string[] {
  const found: string[] = [];
  for (const line of lines) if (line === wanted[found.length]) found.push(line);
  return found;
}

/** Lines that are comments, trimmed: none may go, and none may move. */
function comments(bytes: string): string[] {
  return bytes
    .split('\n')
    .filter((line) => /^\s*#/.test(line))
    .map((line) => line.trim());
}
