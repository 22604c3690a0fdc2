import { createHash } from 'node:crypto';
import { modelOf } from '../exposure/compare.ts';
import { HardenMailError } from '../model/errors.ts';
import type { Fragment } from '../fragments/fragment.ts';
import type {
  Action,
  Activation,
  Bytes,
  Change,
  Effect,
  Facts,
  Note,
  Plan,
  Policy,
  RemoteFile,
  SettingChange,
  Snapshot,
  TaskOutcome,
} from '../model/index.ts';
import { testedAs } from '../debian/releases.ts';
import { assertProvided } from '../tasks/provided.ts';
import { keptNotes } from '../tasks/kept.ts';
import { sniMapNotes } from '../tasks/sni-maps.ts';
import { certificateRequests, namedCertificates, parts, type Named } from '../tasks/sni.ts';
import { RECIPE } from '../tasks/index.ts';
import type { OwnFile, Task } from '../tasks/task.ts';
import { assertRemovals, removalNotes } from './removals.ts';
import { assertPortsFree } from './serving/holders.ts';
import { heldBy, netChanges, remember, takeBack } from './profile/profile.ts';
import { readRecord, RECORD, renderRecord } from './profile/record.ts';
import { letGo } from './as-found/held-mail.ts';
import { joinCut } from './as-found/join-cut.ts';
import { faultNotes, faultsOf } from './as-found/faults.ts';
import { assertAccepted } from './as-found/refused.ts';
import type { Context } from './applied.ts';
import { applyAll, assertNotWeaker } from './guarded.ts';
import { keepOldTls } from './merge/old-tls.ts';
import { reachesSocket, saslInUse, saslNotes } from './serving/sasl-in-use.ts';
import { assertServable, servingNotes, servingOf, withServing } from './serving/served-ports.ts';
import { strictNotes } from './profile/strict-notes.ts';
import { summarize } from './summary.ts';
import { inModernWords, modernNotes } from './upgrade/modern.ts';
import { upgradeNotes, upgradeSettings } from './upgrade/upgrade.ts';
import { forNames, isForNames, valuesFor } from './place/values.ts';
import { openWorkspace, renderWorkspace, type Opened, type Workspace } from './workspace.ts';

/**
 * The plan that makes this host what the recipe wants. Pure: the same snapshot and policy give the same plan. Settings of a
 * program that is not installed yet are listed, but have no change, because its files are not known.
 */
export function compose(snapshot: Snapshot, asked: Policy, tasks: readonly Task[] = RECIPE): Plan {
  const plan = orRefused(snapshot, () => composed(snapshot, asked, tasks));
  if (tasks.length > 0) assertAccepted(snapshot, plan);
  return plan;
}

/**
 * Reports what a daemon refuses before other errors, because these may follow from it. A CONFIG_INVALID of our own parser comes
 * first: it also names the column.
 */
function orRefused(snapshot: Snapshot, plan: () => Plan): Plan {
  try {
    return plan();
  } catch (error) {
    if (error instanceof HardenMailError && error.code !== 'CONFIG_INVALID') assertAccepted(snapshot, null);
    throw error;
  }
}

function composed(snapshot: Snapshot, asked: Policy, tasks: readonly Task[]): Plan {
  const policy = withServing(asked, snapshot);
  const { facts } = snapshot;
  for (const part of parts(facts, policy)) assertProvided(part.facts, part.policy);
  // If no task of this run requests the certificate, it does not exist at the end: then the files name the present one.
  const opensPorts = tasks.some(({ name }) => name === 'smtps');
  const asks = tasks.some(({ actions }) => actions === certificateRequests);
  const found = openWorkspace(snapshot);
  const freed = letGo(found.workspace);
  const joined = joinCut(freed.workspace, tasks.map(({ name }) => name)); // oxfmt-ignore
  const modern = inModernWords(joined.workspace, facts, tasks.map(({ name }) => name)); // oxfmt-ignore
  const opened = { ...found, workspace: modern.workspace };
  if (opensPorts) assertServable(snapshot, opened.workspace, policy);
  const {
    workspace,
    settings,
    notes: applied,
    record,
    effects,
  } = setAll(
    snapshot,
    policy,
    tasks,
    opened,
    [...freed.settings, ...joined.settings, ...modern.settings],
    asks,
    namedCertificates(facts, policy, asks),
  );
  if (opensPorts) assertPortsFree(workspace, facts);
  const broken = faultNotes(faultsOf(found.workspace, facts), faultsOf(workspace, facts)).filter(isOf(tasks));
  const notes: Note[] = [
    ...freed.notes,
    ...upgradeNotes(opened.converted),
    ...modernNotes(modern.rewritten, facts.postfix ?? ''),
    ...broken,
    ...applied,
  ];
  const own = tasks.flatMap((task) => task.files?.(facts, policy) ?? []);
  const changes = [
    ...changesOf(renderWorkspace(workspace), snapshot),
    ...own.flatMap((file) => ownChange(file, snapshot)),
    ...recordChange(record, snapshot),
  ];
  const halfway = opened.converted.length > 0 ? halfConfigured(facts) : [];
  const actions = tasks
    .flatMap((task) => task.actions?.(facts, policy) ?? [])
    .flatMap((action) => withoutPackages(action, halfway));
  assertRemovals(facts, policy, actions);
  const daemons = tasks
    .flatMap((task) => task.activations?.(snapshot, policy, changes) ?? [])
    .map((one) => (one.unit === 'dovecot' && opened.converted.length > 0 ? afterUpgrade(one) : one));
  const activations = [...configure(halfway), ...daemons];
  const told = tasks.flatMap(({ name, notes: of }) => {
    return (of?.(facts, policy) ?? []).map((text): Note => ({ task: name, level: 'warning', text }));
  });
  const all = [
    ...(tasks.length > 0 && changes.length > 0 ? systemNotes(facts) : []),
    ...removalNotes(facts, actions),
    ...servingNotes(servingOf(snapshot, policy)).filter(isOf(tasks)),
    ...unfinished(facts, halfway, actions),
    ...own.flatMap((file) => ownNote(file, snapshot)),
    ...told,
    ...keptNotes(facts, policy),
    ...sniMapNotes(policy),
    ...notes,
  ];
  const plan = { actions, settings: settings.filter((one) => isWritten(one, snapshot, changes)), changes, activations, notes: all, effects }; // oxfmt-ignore
  return { ...plan, tasks: tasks.map((task) => outcome(task, snapshot, policy, plan)) };
}

/** A setting in an existing file is a change only if the file's bytes change. */
function isWritten({ file }: SettingChange, { files }: Snapshot, changes: readonly Change[]): boolean {
  return (
    files[file] === undefined || changes.some(({ path, target }) => path === file || target === files[file]?.target)
  );
}

interface Settled {
  readonly workspace: Workspace;
  readonly settings: readonly SettingChange[];
  readonly notes: readonly Note[];
  /** Null: no record is needed. */
  readonly record: Bytes | null;
  readonly effects: readonly Effect[];
}

/**
 * Applies all settings: first takes back what strict set and is no longer wanted, then applies standard, then strict on top. So
 * the way back from strict leads to what standard alone would have made. Settings of additional names come on top and are
 * recorded in the same way, because the admin may have had a block for a name before.
 */
function setAll(
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
  const base = applyAll(standard, oldTls.workspace, {
    ...context,
    before: modelOf(back.workspace, facts),
    held: held.places,
  });
  const top = applyAll(strict, base.workspace, { ...context, standard: base.workspace });
  const kept = remember(held, strict, base.workspace, top.workspace, context);
  const { effects } = assertNotWeaker(modelOf(back.workspace, facts), top.workspace, facts, context);
  const isThere = opened.workspace.postfix !== null || opened.workspace.dovecot !== null;
  return {
    workspace: top.workspace,
    settings: netChanges(
      back.settings,
      [...upgradeSettings(opened.converted), ...joined, ...oldTls.settings, ...base.settings],
      top.settings,
    ),
    notes: [
      ...back.notes,
      ...base.notes,
      ...top.notes,
      ...saslNotes(sasl),
      ...strictNotes(opened.workspace, top.workspace, facts, policy),
    ],
    record:
      isThere && (kept.profile === 'strict' || kept.settings.length > 0 || kept.sni.length > 0)
        ? renderRecord(kept)
        : null,
    effects,
  };
}

/** The limits of the tests of this system. */
function systemNotes({ os }: Facts): Note[] {
  const tested = testedAs(os.codename);
  return [
    ...(os.assumed ? [{ task: 'install', level: 'warning', text: `${os.pretty}, as --assume-os says: no test of harden-mail runs on it` } as const] : []), // oxfmt-ignore
    ...(tested !== null && os.id === 'ubuntu' ? [{ task: 'install', level: 'info', text: tested } as const] : []),
  ];
}

function isOf(tasks: readonly Task[]): (note: Note) => boolean {
  return ({ task }) => tasks.some(({ name }) => name === task);
}

/** The record is in the same transaction as the settings, so a rollback restores both. */
function recordChange(record: Bytes | null, { files }: Snapshot): Change[] {
  const file = files[RECORD];
  if (record !== null) return ownChange({ path: RECORD, bytes: record, mode: '0644', owner: 'root:root', why: '' }, { files }); // oxfmt-ignore
  return file ? [{ ...changeOf(file, ''), after: null }] : [];
}

/** Packages that an upgrade unpacked and could not configure, because their daemon does not start with files of 2.3. */
function halfConfigured({ packages }: Facts): string[] {
  return Object.entries(packages)
    .filter(([, { status }]) => status === 'unpacked' || status === 'half-configured')
    .map(([name]) => name);
}

/** Leaves out the packages that dpkg configures after the files are converted. */
function withoutPackages(action: Action, later: readonly string[]): Action[] {
  if (action.kind !== 'install') return [action];
  const packages = action.packages.filter((name) => !later.includes(name));
  return packages.length > 0 ? [{ ...action, packages }] : [];
}

function configure(packages: readonly string[]): Activation[] {
  if (packages.length === 0) return [];
  return [{ unit: 'dpkg', how: 'configure', why: `the upgrade could not finish ${packages.join(', ')}` }];
}

/** A daemon that still runs is of the old release and cannot load files of the new one, so it is restarted. */
function afterUpgrade(activation: Activation): Activation {
  return activation.how === 'reload' ? { ...activation, how: 'restart', why: 'its files are of 2.4 now' } : activation;
}

/** Every file whose bytes differ. Links are followed: their target is written, once. */
function changesOf(rendered: Readonly<Record<string, Bytes>>, { files }: Snapshot): Change[] {
  const byTarget = new Map<string, Change>();
  for (const [path, after] of Object.entries(rendered)) {
    const file = files[path];
    if (!file || file.bytes === after) continue;
    assertOurs(file.target, path, after);
    const other = byTarget.get(file.target);
    if (other && other.after !== after) {
      throw new HardenMailError(
        'CONFIG_CONFLICT',
        `${other.path} and ${path} are one file (${file.target}), and would have to become two different ones`,
        'Nothing was written. Make one of them a file of its own, and run again.',
      );
    }
    byTarget.set(file.target, changeOf(file, after));
  }
  return [...byTarget.values()];
}

/**
 * Files that the package scripts of Dovecot 2.4 write over those of 2.3 when dpkg configures the packages. A failed upgrade has
 * not done that, so the plan does it.
 */
const PROTOCOL_FILE = /^\/usr\/share\/dovecot\/protocols\.d\/[^/]+\.protocol$/;
const PROTOCOL = /^protocols \{\n {2}\w+ = yes\n\}\n$/;

/**
 * Refuses to edit a file of a package: the next upgrade would overwrite the edit without a message.
 * @throws CONFIG_CONFLICT
 */
function assertOurs(target: string, path: string, after: Bytes): void {
  if (PROTOCOL_FILE.test(target) && PROTOCOL.test(after)) return;
  if (/^\/(usr|lib|bin|sbin)\//.test(target)) {
    throw new HardenMailError(
      'CONFIG_CONFLICT',
      `a setting that must change stands in ${path}${target === path ? '' : ` (${target})`}, which belongs to a package`,
      'Nothing was written. Set it in /etc instead, behind the place that includes this file, and run again.',
    );
  }
}

function ownChange({ path, bytes: after, mode, owner, gone }: OwnFile, { files }: Pick<Snapshot, 'files'>): Change[] {
  const file = files[path];
  if (gone) return file?.bytes === after && files[RECORD] ? [changeOf(file, null)] : [];
  if (!file) return after === null ? [] : [{ path, target: path, before: null, after, sha256: '', mode, owner }];
  return file.bytes === after ? [] : [changeOf(file, after)];
}

function changeOf({ path, target, bytes: before, sha256, mode, owner }: RemoteFile, after: Bytes | null): Change {
  return { path, target, before, after, sha256, mode, owner };
}

/** An existing file keeps the admin's mode; a note reports a mode that keeps the file from working. */
function ownNote({ path, mode }: OwnFile, { files }: Snapshot): Note[] {
  const file = files[path];
  const runs = (octal: string): boolean => (Number.parseInt(octal, 8) & 0o100) !== 0;
  if (!file || !runs(mode) || runs(file.mode)) return [];
  const text = `${path} is not executable, so certbot does not run it: chmod +x ${path}`;
  return [{ task: 'certbot', level: 'warning', text }];
}

/**
 * A warning about packages that dpkg has not finished and that this plan does not finish. It is only a warning, because the
 * recipe does not cover them.
 */
function unfinished({ packages }: Facts, halfway: readonly string[], actions: readonly Action[]): Note[] {
  const named = [...halfway, ...actions.flatMap((action) => (action.kind === 'install' ? action.packages : []))];
  const rest = Object.entries(packages).filter(([name, { status }]) => status !== 'installed' && !named.includes(name));
  if (rest.length === 0) return [];
  const text = `dpkg has not finished ${rest.map(([name, { status }]) => `${name} (${status})`).join(', ')}: \`dpkg --audit\` tells what each needs`;
  return [{ task: 'install', level: 'warning', text }];
}

function outcome(task: Task, snapshot: Snapshot, policy: Policy, plan: Omit<Plan, 'tasks'>): TaskOutcome {
  const { state, summary } = summarize(task, snapshot, policy, plan);
  return { name: task.name, state, summary };
}

/**
 * A plan's fingerprint. If the plan at the commit has another one than the plan that the user agreed to, the user is asked
 * again.
 */
export function planFingerprint(plan: Plan): string {
  const what = plan.changes.map(({ target, sha256, after }) => [target, sha256, after]);
  return createHash('sha256').update(JSON.stringify(what)).digest('hex');
}
