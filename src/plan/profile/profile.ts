import type { Fragment } from '../../fragments/fragment.ts';
import { FRAGMENTS } from '../../fragments/index.ts';
import { PATHS, type Note, type SettingChange, type TaskName } from '../../model/index.ts';
import { mainText, respaceMain } from '../../formats/postfix/main-cf.ts';
import { addressKey, labelOf, readAt, writeAt, type Address } from '../place/address.ts';
import type { ProfileRecord, Remembered } from './record.ts';
import type { Context } from '../applied.ts';
import { servicesOn, sitesOf } from '../place/sites.ts';
import { applies } from '../place/values.ts';
import type { Workspace } from '../workspace.ts';

/** The settings that strict made in earlier runs, separated by what happens to them now. */
export interface Held {
  /** Settings of the tasks that this run covers. */
  readonly known: readonly Remembered[];
  /** Still as strict set it, and still wanted; by place (`addressKey`). */
  readonly stays: ReadonlyMap<string, Remembered>;
  /** No longer wanted, and still as strict set it: the run puts the earlier value back. */
  readonly goes: readonly Remembered[];
  /** No longer wanted, but changed by another user or program since: it stays. */
  readonly theirs: readonly Remembered[];
  /** Settings of tasks that this run does not cover. */
  readonly outside: readonly Remembered[];
  /** Places that strict manages, by `addressKey`. */
  readonly places: ReadonlySet<string>;
}

/**
 * Separates the recorded settings by what happens to them in this run.
 * @param fragments the fragments of strict, and those of additional names
 * @param tasks the tasks that this run covers; null: all
 */
export function heldBy(
  record: ProfileRecord,
  fragments: readonly Fragment[],
  workspace: Workspace,
  context: Context,
  tasks: readonly TaskName[] | null,
): Held {
  const all = record.settings.map((one) => inWordsOf(workspace, one));
  const stands = ({ at, after }: Remembered): boolean => readAt(workspace, at) === after;
  // A certificate and its key belong together: if somebody changed one of them, neither is ours any more.
  const isOurs = (one: Remembered): boolean =>
    stands(one) &&
    all.every((other) => blockOf(one) === null || blockOf(other) !== blockOf(one) || stands(other) || readAt(workspace, other.at) === null); // oxfmt-ignore
  const known = all.filter(({ by }) => tasks === null || tasks.includes(taskOf(by)));
  const outside = all.filter((one) => !known.includes(one));
  const wanted = new Set(
    fragments
      .filter((fragment) => applies(fragment, context, workspace))
      .flatMap((fragment) => addressesOf(fragment, workspace, context.fill))
      .map(addressKey),
  );
  const ours = known.filter(isOurs);
  const unwanted = known.filter(({ at }) => !wanted.has(addressKey(at)));
  const stays = new Map(ours.filter((one) => !unwanted.includes(one)).map((one) => [addressKey(one.at), one]));
  return {
    known,
    stays,
    goes: unwanted.filter((one) => ours.includes(one)),
    theirs: unwanted.filter((one) => !ours.includes(one)),
    outside,
    places: new Set([...stays.keys(), ...outside.filter(isOurs).map(({ at }) => addressKey(at))]),
  };
}

/** The block of an additional name that contains the setting; null if none does. */
function blockOf({ at }: Remembered): string | null {
  return at.in === 'dovecot' ? (at.path.find((header) => header.startsWith('local_name ')) ?? null) : null;
}

/** The record of a name's certificate under Dovecot 2.3, in the terms of 2.4 if the files are of 2.4 now. */
function inWordsOf({ dovecot }: Workspace, one: Remembered): Remembered {
  const { at, before, after } = one;
  const [, what] = at.in === 'dovecot' ? (/^ssl_(cert|key)$/.exec(at.path.at(-1) ?? '') ?? []) : [];
  if (at.in !== 'dovecot' || what === undefined || dovecot?.grammar !== '2.4') return one;
  const path = [...at.path.slice(0, -1), `ssl_server_${what}_file`];
  const plain = (value: string | null): string | null => value && value.replace(/^</, '');
  return { ...one, at: { ...at, path }, before: plain(before), after: plain(after) };
}

/** The task of a fragment. Another version of this tool may have had other fragments: those count as `sasl`. */
function taskOf(id: string): TaskName {
  return FRAGMENTS.find((one) => one.id === id)?.task ?? 'sasl';
}

/** Puts back what is no longer wanted, the last change first: the earlier value, or nothing if there was none. */
export function takeBack(
  { goes, theirs }: Held,
  workspace: Workspace,
): { workspace: Workspace; settings: SettingChange[]; notes: Note[] } {
  let now = workspace;
  const settings = goes.toReversed().map((one): SettingChange => {
    const { workspace: written, file } = writeAt(now, one.at, one.before);
    now = layOut(written, one);
    const { by: fragment, before: after, after: before } = one;
    return { task: taskOf(fragment), fragment, setting: labelOf(one.at), file, before, after };
  });
  const notes = theirs.flatMap((one): Note[] => {
    const value = readAt(now, one.at);
    if (value === null || value === one.before || value === one.after) return [];
    const told = one.at.in === 'master.cf' && one.at.setting === undefined ? 'the entry' : value || 'nothing';
    const text = `${labelOf(one.at)}: ${told} stays: ${one.by.startsWith('strict:') ? 'strict' : 'this tool'} had set another value, and somebody has changed it since`;
    return [{ task: taskOf(one.by), level: 'info', text }];
  });
  return { workspace: now, settings: settings.toReversed(), notes };
}

function layOut(workspace: Workspace, { at, text }: Remembered): Workspace {
  const { postfix } = workspace;
  if (at.in !== 'main.cf' || text === undefined || !postfix) return workspace;
  return { ...workspace, postfix: { ...postfix, main: respaceMain(postfix.main, at.setting, text) } };
}

/** The layout of a value of main.cf, if the value alone would not restore the same bytes. */
function layoutOf(at: Address, was: string | null, before: Workspace, after: Workspace): Pick<Remembered, 'text'> {
  if (at.in !== 'main.cf' || was === null || !before.postfix) return {};
  const text = mainText(before.postfix.main, at.setting);
  const { postfix: back } = writeAt(after, at, was).workspace;
  return text === null || (back && mainText(back.main, at.setting) === text) ? {} : { text };
}

/**
 * The new record: earlier settings that are still wanted, and what these fragments changed.
 * @param before the files with standard applied, including what strict set in earlier runs
 * @param after the files as they will be
 */
export function remember(
  { known: old, stays, outside }: Held,
  fragments: readonly Fragment[],
  before: Workspace,
  after: Workspace,
  context: Context,
): ProfileRecord {
  const { policy, fill } = context;
  const settings = new Map<string, Remembered>();
  const entries = new Set<string>();
  const places = fragments
    .filter((fragment) => applies(fragment, context, after))
    .flatMap((fragment) => addressesOf(fragment, after, fill).map((at) => ({ at, by: fragment.id })));
  for (const { at, by } of places) {
    const key = addressKey(at);
    // An entry that this tool added is removed as a whole, so its options need no record.
    if (settings.has(key) || (isOption(at) && entries.has(at.service))) continue;
    const [was, is] = [readAt(before, at), readAt(after, at)];
    const held = stays.get(key);
    const known = old.find((one) => addressKey(one.at) === key);
    const changed = isEntry(at) ? was === null || held !== undefined : was !== is;
    if (changed && held) settings.set(key, { ...held, by, after: is });
    else if (changed) settings.set(key, { by, at, before: was, after: is, ...layoutOf(at, was, before, after) });
    else if (known) settings.set(key, known);
    if (changed && isEntry(at)) entries.add(at.service);
  }
  // The order does not depend on which run made a setting.
  const order = FRAGMENTS.map(({ id }) => id);
  const all = [...outside, ...settings.values()].sort((a, b) => order.indexOf(a.by) - order.indexOf(b.by));
  return { profile: policy.profile, asked: policy.asked ?? [], settings: all, sni: policy.sni ?? [] };
}

type OfMaster = Extract<Address, { in: 'master.cf' }>;

function isEntry(at: Address): at is OfMaster {
  return at.in === 'master.cf' && at.setting === undefined;
}

function isOption(at: Address): at is OfMaster {
  return at.in === 'master.cf' && at.setting !== undefined;
}

function addressesOf(fragment: Fragment, workspace: Workspace, fill: (text: string) => string): Address[] {
  const { place, merge } = fragment;
  if (merge.how !== 'service' || place.in !== 'master.cf')
    return sitesOf(fragment, workspace, fill).map(({ address }) => address);
  return servicesOn(workspace, place.port).map(({ name, type }) => ({ in: 'master.cf', service: `${name}/${type}` }));
}

/**
 * The changes of a run. All changes of a place that strict, or the way back from it, touches become one: the first value and
 * the last. If the two are equal, there is no change.
 */
export function netChanges(
  back: readonly SettingChange[],
  standard: readonly SettingChange[],
  strict: readonly SettingChange[],
): SettingChange[] {
  const moved = new Set([...back, ...strict].map(keyOfChange));
  const net = new Map<string, SettingChange>();
  const chained = [...back, ...standard, ...strict].flatMap((one): SettingChange[] => {
    const key = keyOfChange(one);
    if (!moved.has(key)) return [one];
    const first = net.get(key);
    net.set(key, first ? { ...one, before: first.before } : one);
    return [];
  });
  return [...chained, ...[...net.values()].filter(({ before, after }) => before !== after)];
}

/** The file of a Dovecot setting is known only after the setting is written, so it is not part of the key. */
function keyOfChange({ file, setting }: SettingChange): string {
  return `${file.startsWith(`${PATHS.POSTFIX}/`) ? file : 'dovecot'} ${setting}`;
}
