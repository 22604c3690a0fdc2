import type { Fragment } from '../fragments/fragment.ts';
import type { Action, Activation, Bytes, Change, Facts, Policy, Snapshot, TaskName } from '../model/index.ts';

/** One step of the recipe. Most tasks only select their fragments; all functions are pure. */
export interface Task {
  readonly name: TaskName;
  /** The purpose of the task, as `--list-tasks` shows it. */
  readonly title: string;
  /** Actions on the host that must be done before the settings that depend on them go live. */
  readonly actions?: (facts: Facts, policy: Policy) => readonly Action[];
  readonly fragments?: readonly Fragment[];
  /** Whole files that the tool writes. */
  readonly files?: (facts: Facts, policy: Policy) => readonly OwnFile[];
  /** Information for the administrator that no file shows. */
  readonly notes?: (facts: Facts, policy: Policy) => readonly string[];
  /** How the daemons load the changes. */
  readonly activations?: (snapshot: Snapshot, policy: Policy, changes: readonly Change[]) => readonly Activation[];
}

export interface OwnFile {
  readonly path: string;
  /** Null: the file must not exist. */
  readonly bytes: Bytes | null;
  readonly mode: string;
  readonly owner: string;
  readonly why: string;
  /** Removed on the way back from strict, if it is unchanged since the tool wrote it. */
  readonly gone?: true;
}
