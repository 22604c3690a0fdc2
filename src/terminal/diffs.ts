import type { Change } from '../model/index.ts';
import type { Effort } from '../plan/diff.ts';

/** The diffs of changes. The diff package is loaded only if there is a change to show. */
export async function diffsOf(changes: readonly Change[], effort?: Effort): Promise<string[]> {
  if (changes.length === 0) return [];
  const { diffOf, effortOfHost } = await import('../plan/diff.ts');
  const left = effort ?? effortOfHost();
  return changes.map((change) => diffOf(change, left));
}

/** The same for several groups of changes of one host, which share its effort. */
export function diffsOfHost(): typeof diffsOf {
  let effort: Effort | undefined;
  return async (changes) => {
    if (changes.length === 0) return [];
    effort ??= (await import('../plan/diff.ts')).effortOfHost();
    return diffsOf(changes, effort);
  };
}
