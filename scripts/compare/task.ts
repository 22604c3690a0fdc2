/** One edit of one configuration, as every contender gets it; and what it makes of a list that it has read. */
import { insertMember, permitUsers } from '../../src/formats/text/lists.ts';
import type { DovecotEdit } from '../../test/oracle/edits.ts';
import type { MainEdit, MasterEdit } from '../../test/support/formats/postfix-cases.ts';

export type Edit = MainEdit | MasterEdit | DovecotEdit;

export interface Task {
  /** Bytes by path. */
  readonly files: Readonly<Record<string, string>>;
  /** The files that the daemon reads, in its order. */
  readonly reads: readonly string[];
  readonly edit: Edit;
}

/** The files afterwards, or null where the contender could not do it. */
export type Contender = (tasks: readonly Task[]) => Promise<(Readonly<Record<string, string>> | null)[]>;

export const isDovecot = (edit: Edit): edit is DovecotEdit => 'path' in edit;
export const isMaster = (edit: Edit): edit is MasterEdit => 'service' in edit || 'add' in edit;

/** The parameter that an edit of main.cf is about. */
export function parameterOf(edit: MainEdit): string {
  return 'set' in edit ? edit.set : 'remove' in edit ? edit.remove : 'insert' in edit ? edit.insert : edit.permitUsers;
}

/** What the parameter shall be, from what the contender read; null to take it away. Each gets our list logic for free. */
export function wantedOf(edit: MainEdit, now: string | null): string | null {
  if ('set' in edit) return edit.value;
  if ('remove' in edit) return null;
  if ('insert' in edit) return insertMember(now ?? '', edit.member, edit.before);
  const result = permitUsers(now ?? '');
  return 'value' in result && now !== null ? result.value : now;
}

/** `-o name=value`, in braces where a blank would cut it. Each contender is told. */
export const optionText = (name: string, value: string): string =>
  /[ \t]/.test(value) ? `-o { ${name} = ${value} }` : `-o ${name}=${value}`;

/** Where a Dovecot setting is to be edited: the last file read that has it, else its home, else the root file. */
export function placeFor(
  { reads, edit }: Task & { readonly edit: DovecotEdit },
  has: (file: string) => boolean,
): string {
  const home = reads.includes(edit.home) ? edit.home : (reads[0] ?? '');
  return reads.findLast(has) ?? home;
}

/** Headers and key; in 2.4 `ssl_server { key_file }` is asked for by its long name, which is the usual one. */
export function partsOf({ path }: DovecotEdit): { headers: string[]; key: string } {
  const parts = path.replace('ssl_server > ', 'ssl_server_').split(' > ');
  return { headers: parts.slice(0, -1), key: parts.at(-1) ?? '' };
}

/** The value as one would write it by hand: in quotes where it has to be. */
export const quoted = (value: string): string => (/[#"]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value);
