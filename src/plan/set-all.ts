/** All settings of a plan, in the workspace. Pure. */
import { modelOf } from '../exposure/compare.ts';
import type { Fragment } from '../fragments/fragment.ts';
import type { Bytes, Effect, Left, Note, Policy, SettingChange, Snapshot } from '../model/index.ts';
import { RECIPE } from '../tasks/index.ts';
import type { Named } from '../tasks/sni.ts';
import type { Task } from '../tasks/task.ts';
import type { Context } from './applied.ts';
import { applyAll, assertNotWeaker } from './guarded.ts';
import { leftBy } from './audit-points.ts';
import { keepCleartext } from './merge/keep-cleartext.ts';
import { keepOldTls } from './merge/old-tls.ts';
import { forNames, isForNames, valuesFor } from './place/values.ts';
import { heldBy, netChanges, remember, takeBack } from './profile/profile.ts';
import { readRecord, renderRecord, type ProfileRecord } from './profile/record.ts';
import { strictNotes } from './profile/strict-notes.ts';
import { reachesSocket, saslInUse, saslNotes } from './serving/sasl-in-use.ts';
import { upgradeSettings } from './upgrade/upgrade.ts';
import type { Opened, Workspace } from './workspace.ts';

interface Settled {
  readonly workspace: Workspace;
  readonly settings: readonly SettingChange[];
  readonly notes: readonly Note[];
  /** Null: no record is needed. */
  readonly record: Bytes | null;
  readonly effects: readonly Effect[];
  readonly left: readonly Left[];
}

/**
 * Applies all settings: first takes back what strict set and is no longer wanted, then applies standard, then strict on top. So
 * the way back from strict leads to what standard alone would have made. Settings of additional names come on top and are
 * recorded in the same way, because the admin may have had a block for a name before.
 */
export function setAll(
  snapshot: Snapshot,
  policy: Policy,
  tasks: readonly Task[],
  opened: Opened,
  joined: readonly SettingChange[],
  asks: boolean,
  named: readonly Named[],
): Settled {
  const { facts } = snapshot;
  const all = tasks.flatMap((task) => task.fragments ?? []);
  const onTop = (one: Fragment): boolean => one.profile === 'strict' || isForNames(one);
  const standard = all.filter((one) => !onTop(one));
  const strict = forNames(all.filter(onTop), named);
  const record = readRecord(snapshot);
  const names = tasks.length < RECIPE.length ? tasks.map(({ name }) => name) : null;
  const sasl = saslInUse(opened.workspace, facts, policy);
  const context: Context = {
    facts,
    policy,
    sasl,
    reached: reachesSocket(opened.workspace, sasl.socket),
    fill: valuesFor(facts, policy, asks, sasl),
    opened: opened.workspace,
    before: modelOf(opened.workspace, facts),
  };
  const held = heldBy(record, strict, opened.workspace, context, names);
  const back = takeBack(held, opened.workspace);
  const oldTls = keepOldTls(back.workspace);
  const requiresTls = standard.some(({ id }) => id === 'dovecot:ssl');
  const exceptions = requiresTls ? keepCleartext(oldTls.workspace) : { workspace: oldTls.workspace, settings: [] };
  const base = applyAll(standard, exceptions.workspace, {
    ...context,
    before: modelOf(back.workspace, facts),
    held: held.places,
  });
  const top = applyAll(strict, base.workspace, { ...context, standard: base.workspace });
  const kept = { ...remember(held, strict, base.workspace, top.workspace, context), ...declined(policy, record) };
  const { effects } = assertNotWeaker(modelOf(back.workspace, facts), top.workspace, facts, context);
  const isThere = opened.workspace.postfix !== null || opened.workspace.dovecot !== null;
  const settings = netChanges(
    back.settings,
    [...upgradeSettings(opened.converted), ...joined, ...oldTls.settings, ...exceptions.settings, ...base.settings],
    top.settings,
  );
  return {
    workspace: top.workspace,
    settings,
    notes: [
      ...back.notes,
      ...base.notes,
      ...top.notes,
      ...saslNotes(sasl),
      ...strictNotes(opened.workspace, top.workspace, facts, policy),
    ],
    record:
      isThere && (kept.profile === 'strict' || kept.settings.length + kept.sni.length + (kept.noServe?.length ?? 0) > 0)
        ? renderRecord(kept)
        : null,
    effects: [
      ...effects,
      ...neededBy(
        [...standard, ...strict],
        settings.filter((one) => !isBack(one, back.settings)),
      ),
    ],
    left: leftBy(top.workspace, { ...context, standard: base.workspace }),
  };
}

/** Does the change restore the value from before strict? */
function isBack({ fragment, after }: SettingChange, back: readonly SettingChange[]): boolean {
  return back.some((one) => one.fragment === fragment && one.after === after);
}

/** The needs of clients that come with the settings that change to the value of a fragment. */
function neededBy(fragments: readonly Fragment[], settings: readonly SettingChange[]): Effect[] {
  const written = settings.filter(({ after }) => after !== null).map(({ fragment }) => fragment);
  const told = fragments.filter(({ id, clients }) => clients !== undefined && written.includes(id));
  const texts = new Map(told.map(({ id, clients = '' }) => [clients, id]));
  return [...texts].map(([text, id]): Effect => ({ kind: 'tightens', id, text }));
}

/** The services that --no-serve keeps off a host without Dovecot, in this run or an earlier one. */
function declined(
  { alone, leftOut = [], noServe = [] }: Policy,
  record: ProfileRecord,
): Pick<ProfileRecord, 'noServe'> {
  const named = leftOut.filter((one) => one !== 'smtp' && [...noServe, ...(record.noServe ?? [])].includes(one));
  return alone && named.length > 0 ? { noServe: named } : {};
}
