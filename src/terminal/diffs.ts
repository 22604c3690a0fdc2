import type { Change } from '../model/index.ts';
import type { DiffsOf } from '../report/ending-view.ts';
import { fileLine } from '../report/file-lines.ts';

/** The wish of the user about diffs. `yes`: a new or removed file is one line; `full`: all of it. */
export const DIFF_WISHES = ['yes', 'no', 'full'] as const;
export type DiffWish = (typeof DIFF_WISHES)[number];

/** The diffs of changes. The diff package is loaded only if there is a change to show. */
export async function diffsOf(changes: readonly Change[]): Promise<string[]> {
  if (changes.length === 0) return [];
  const { diffOf } = await import('../plan/diff.ts');
  return changes.map(diffOf);
}

/** The same as the user wants it. */
export function diffsFor(wish: DiffWish): DiffsOf {
  return async (changes) => {
    if (wish === 'no') return [];
    const lines = changes.map((one) => fileLine(one, wish === 'full'));
    const diffs = await diffsOf(changes.filter((_, at) => lines[at] === null));
    return lines.map((line) => line ?? diffs.shift() ?? '');
  };
}
