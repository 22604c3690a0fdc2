import type { Model } from '../exposure/compare.ts';
import type { Fragment } from '../fragments/fragment.ts';
import type { Note, SettingChange } from '../model/index.ts';
import type { Situation } from './place/values.ts';
import type { Workspace } from './workspace.ts';

/** The files with some fragments applied, and what that changed. */
export interface Applied {
  readonly workspace: Workspace;
  readonly settings: readonly SettingChange[];
  readonly notes: readonly Note[];
}

/** The inputs for applying fragments to a host. */
export interface Context extends Situation {
  readonly fill: (text: string) => string;
  /** The files as the admin has them. */
  readonly opened: Workspace;
  /** The exposure map of the files before: nothing may become looser than this. */
  readonly before: Model;
  /** For strict fragments: the files with standard applied. */
  readonly standard?: Workspace;
  /** Places that strict manages, by `addressKey`: fragments of standard skip them. */
  readonly held?: ReadonlySet<string>;
}

export function change(
  fragment: Pick<Fragment, 'id' | 'task'>,
  setting: string,
  file: string,
  before: string | null,
  after: string | null,
): SettingChange {
  return { task: fragment.task, fragment: fragment.id, setting, file, before, after };
}
