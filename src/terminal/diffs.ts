import type { Change } from '../model/index.ts';
import type { Effort } from '../plan/diff.ts';
import type { DiffsOf } from '../report/ending-view.ts';
import { fileLine } from '../report/file-lines.ts';

/** The wish of the user about diffs. `yes`: a new or removed file is one line; `full`: all of it. */
export const DIFF_WISHES = ['yes', 'no', 'full'] as const;
export type DiffWish = (typeof DIFF_WISHES)[number];

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

/** The same as the user wants it, for one host. */
export function diffsFor(wish: DiffWish): DiffsOf {
  const diffsHere = diffsOfHost();
  return async (changes) => {
    if (wish === 'no') return [];
    const lines = changes.map((one) => fileLine(one, wish === 'full'));
    const diffs = await diffsHere(changes.filter((_, at) => lines[at] === null));
    return lines.map((line) => line ?? diffs.shift() ?? '');
  };
}
