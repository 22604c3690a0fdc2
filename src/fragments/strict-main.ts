import type { TaskName } from '../model/index.ts';
import type { Fragment, Merge } from './fragment.ts';

export type Rest = Pick<Fragment, 'why' | 'source'> & Partial<Pick<Fragment, 'when' | 'clients'>>;

/**
 * Fragments of strict for main.cf.
 * @param form distinguishes the fragments of one setting that differ by release
 */
export const strictMain =
  (task: TaskName) =>
  (setting: string, merge: Merge, rest: Rest, form = ''): Fragment => ({
    id: `strict:main.cf:${setting}${form}`,
    task,
    setting,
    place: { in: 'main.cf' },
    merge,
    profile: 'strict',
    recipe: [],
    ...rest,
  });
