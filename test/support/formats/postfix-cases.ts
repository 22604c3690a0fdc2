/**
 * Hand-made awkward files, as data: `test/cases/postfix-{main,master}/NAME/` has `before.cf`, `edit.json` (why, and the
 * edits, or how it is refused) and `after.cf`, byte by byte.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { permitUsers } from '../../../src/formats/text/lists.ts';
import {
  insertMainMember,
  mainValue,
  parseMain,
  removeMain,
  renderMain,
  setMain,
} from '../../../src/formats/postfix/main-cf.ts';
import type { MainCf } from '../../../src/formats/postfix/main-cf.ts';
import {
  addService,
  parseMaster,
  removeOption,
  renderMaster,
  setOption,
} from '../../../src/formats/postfix/master-cf.ts';
import type { MasterCf } from '../../../src/formats/postfix/master-cf.ts';

export type MainEdit =
  | { readonly set: string; readonly value: string }
  | { readonly remove: string }
  | { readonly insert: string; readonly member: string; readonly before: string | null }
  | { readonly permitUsers: string };

export type MasterEdit =
  | { readonly service: string; readonly set: string; readonly value: string }
  | { readonly service: string; readonly remove: string }
  | {
      readonly add: string;
      readonly options: readonly (readonly [string, string])[];
      readonly under: readonly string[];
    };

export interface Case<E> {
  readonly name: string;
  readonly why: string;
  readonly before: string;
  readonly edits: readonly E[];
  /** Null where it is refused. */
  readonly after: string | null;
  readonly refused: string | null;
}

const ROOT = new URL('../../cases/', import.meta.url);

export function casesOf<E>(format: 'postfix-main' | 'postfix-master'): Case<E>[] {
  const folder = new URL(`${format}/`, ROOT);
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const read = (file: string) => readFileSync(new URL(`${name}/${file}`, folder), 'latin1');
      const edit = JSON.parse(readFileSync(new URL(`${name}/edit.json`, folder), 'utf8')) as Partial<Case<E>> & {
        why: string;
      };
      const after = existsSync(new URL(`${name}/after.cf`, folder)) ? read('after.cf') : null;
      return {
        name,
        why: edit.why,
        before: read('before.cf'),
        edits: edit.edits ?? [],
        after,
        refused: edit.refused ?? null,
      };
    });
}

export function editMain(bytes: string, edits: readonly MainEdit[]): string {
  return renderMain(edits.reduce(applyMain, parseMain(bytes, 'main.cf')));
}

function applyMain(cf: MainCf, edit: MainEdit): MainCf {
  if ('set' in edit) return setMain(cf, edit.set, edit.value);
  if ('remove' in edit) return removeMain(cf, edit.remove);
  if ('insert' in edit) return insertMainMember(cf, edit.insert, edit.member, edit.before);
  const list = mainValue(cf, edit.permitUsers)?.value ?? null;
  const result = permitUsers(list ?? '');
  return list === null || 'kept' in result ? cf : setMain(cf, edit.permitUsers, result.value);
}

export function editMaster(bytes: string, edits: readonly MasterEdit[]): string {
  return renderMaster(edits.reduce(applyMaster, parseMaster(bytes, 'master.cf')));
}

function applyMaster(cf: MasterCf, edit: MasterEdit): MasterCf {
  if ('add' in edit) {
    const [name = '', type = '', private_ = '', unpriv = '', chroot = '', wakeup = '', maxproc = '', command = ''] =
      edit.add.split(' ');
    const there = cf.entries.some(({ service }) => service.name === name && service.type === type);
    return there
      ? cf
      : addService(cf, { name, type, private_, unpriv, chroot, wakeup, maxproc, command }, edit.options, edit.under);
  }
  const [name = '', type = ''] = edit.service.split(' ');
  return 'set' in edit
    ? setOption(cf, { name, type }, edit.set, edit.value)
    : removeOption(cf, { name, type }, edit.remove);
}
