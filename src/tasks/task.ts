import type { Fragment } from '../fragments/fragment.ts';
import type { Action, Activation, Bytes, Change, Facts, Policy, Snapshot, TaskName } from '../model/index.ts';

/** One step of the recipe. Most only say which fragments are theirs; all of it is pure. */
export interface Task {
  readonly name: TaskName;
  /** What it sees to, as `--list-tasks` shows it. */
  readonly title: string;
  /** What must be done on the host before the settings that rest on it can go live. */
  readonly actions?: (facts: Facts, policy: Policy) => readonly Action[];
  readonly fragments?: readonly Fragment[];
  /** Whole files of our own. */
  readonly files?: (facts: Facts, policy: Policy) => readonly OwnFile[];
  /** What the admin should know that no file says. */
  readonly notes?: (facts: Facts, policy: Policy) => readonly string[];
  /** What the daemons must do to take the changes up. */
  readonly activations?: (snapshot: Snapshot, policy: Policy, changes: readonly Change[]) => readonly Activation[];
}

export interface OwnFile {
  readonly path: string;
  /** Null: it must not be there. */
  readonly bytes: Bytes | null;
  readonly mode: string;
  readonly owner: string;
  readonly why: string;
  /** Taken away on the way back from strict, where it still is as we made it. */
  readonly gone?: true;
}
