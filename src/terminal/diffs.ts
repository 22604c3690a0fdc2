import type { Change } from '../model/index.ts';

/** The diffs of changes. The diff package is loaded only if there is a change to show. */
export async function diffsOf(changes: readonly Change[]): Promise<string[]> {
  if (changes.length === 0) return [];
  const { diffOf } = await import('../plan/diff.ts');
  return changes.map(diffOf);
}
