import type { Change } from '../model/index.ts';

/** The diffs of changes. The package for it is loaded only where there is something to show. */
export async function diffsOf(changes: readonly Change[]): Promise<string[]> {
  if (changes.length === 0) return [];
  const { diffOf } = await import('../plan/diff.ts');
  return changes.map(diffOf);
}
