import type { TaskName } from '../../model/index.ts';

/**
 * `text` says what is broken, where, and what follows; `todo` is the next step. The id of a fault is the same before and after
 * a plan.
 */
export interface Fault {
  readonly id: string;
  readonly task: TaskName;
  readonly text: string;
  readonly todo: string;
}
