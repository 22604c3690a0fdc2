import type { Drift, Plan, Transaction } from '../model/index.ts';

/** The files that differ from the plan, and since which transaction. Pure. `history` is newest first. */
export function driftOf(plan: Plan, history: readonly Transaction[], leftovers: readonly string[]): Drift {
  const kept = history.filter(({ state }) => state === 'committed');
  const files = plan.changes.map(({ path, target, before }) => {
    for (const { id, changes } of kept) {
      const ours = changes.find((change) => change.target === target);
      if (ours) return { path, transaction: id, edited: ours.after !== before };
    }
    return { path, transaction: null, edited: false };
  });
  return { files, leftovers };
}
