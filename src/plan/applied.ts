import type { Model } from '../exposure/compare.ts';
import type { Fragment } from '../fragments/fragment.ts';
import type { Note, SettingChange } from '../model/index.ts';
import type { Situation } from './place/values.ts';
import type { Workspace } from './workspace.ts';

/** The files with some fragments in them, and what that changed. */
export interface Applied {
  readonly workspace: Workspace;
  readonly settings: readonly SettingChange[];
  readonly notes: readonly Note[];
}

/** What applying fragments to a host rests on. */
export interface Context extends Situation {
  readonly fill: (text: string) => string;
  /** The files as the admin has them. */
  readonly opened: Workspace;
  /** The same with its exposure map: nothing may become looser than this. */
  readonly before: Model;
  /** Of strict: the files as standard has them. */
  readonly standard?: Workspace;
  /** Places where strict stands on top, by `keyOf`: there the standard's own word is not asked for. */
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
