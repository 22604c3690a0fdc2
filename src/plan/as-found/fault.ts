import type { TaskName } from '../../model/index.ts';

/** `text` says what is broken, where, and what follows; `todo` is the next step. Of one fault the id stays the same. */
export interface Fault {
  readonly id: string;
  readonly task: TaskName;
  readonly text: string;
  readonly todo: string;
}
