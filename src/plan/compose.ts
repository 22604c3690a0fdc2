import { createHash } from 'node:crypto';
import { HardenMailError } from '../model/errors.ts';
import type { Action, Activation, Facts, Note, Plan, Policy, Snapshot, TaskOutcome } from '../model/index.ts';
import { testedAs } from '../debian/releases.ts';
import { assertProvided } from '../tasks/provided.ts';
import { keptNotes } from '../tasks/kept.ts';
import { sniMapNotes } from '../tasks/sni-maps.ts';
import { certificateRequests, namedCertificates, parts } from '../tasks/sni.ts';
import { RECIPE } from '../tasks/index.ts';
import type { Task } from '../tasks/task.ts';
import { assertRemovals, removalNotes } from './removals.ts';
import { assertPortsFree } from './serving/holders.ts';
import { isHeld, keepMail, letGo } from './as-found/held-mail.ts';
import { joinCut } from './as-found/join-cut.ts';
import { faultNotes, faultsOf } from './as-found/faults.ts';
import { assertAccepted } from './as-found/refused.ts';
import { assertServable, servingNotes, servingOf, withServing } from './serving/served-ports.ts';
import { summarize } from './summary.ts';
import { inModernWords, modernNotes } from './upgrade/modern.ts';
import { upgradeNotes } from './upgrade/upgrade.ts';
import { changesOf, isWritten, ownChange, ownNote, recordChange } from './changes.ts';
import { setAll } from './set-all.ts';
import { openWorkspace, renderWorkspace } from './workspace.ts';

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
  const names = tasks.map(({ name }) => name);
  const { prepares } = policy;
  const freed = letGo(found.workspace);
  const joined = joinCut(freed.workspace, names);
  const modern = inModernWords(joined.workspace, facts, names);
  const opened = { ...found, workspace: modern.workspace };
  const rewritten = [...(prepares === undefined ? freed.settings : []), ...joined.settings, ...modern.settings];
  if (opensPorts) assertServable(snapshot, opened.workspace, policy);
  const {
    workspace,
    settings,
    notes: applied,
    record,
    effects,
    left,
  } = setAll(snapshot, policy, tasks, opened, rewritten, asks, namedCertificates(facts, policy, asks));
  if (opensPorts) assertPortsFree(workspace, facts);
  const none = { workspace, settings: [], notes: [] };
  const held = prepares === undefined ? none : keepMail(workspace, prepares, isHeld(snapshot));
  const broken = faultNotes(faultsOf(found.workspace, facts), faultsOf(workspace, facts)).filter(isOf(tasks));
  const notes: Note[] = [
    ...(prepares === undefined ? freed.notes : []),
    ...held.notes,
    ...upgradeNotes(opened.converted),
    ...modernNotes(modern.rewritten, facts.postfix ?? ''),
    ...broken,
    ...applied,
  ];
  const own = tasks.flatMap((task) => task.files?.(facts, policy) ?? []);
  const changes = [
    ...changesOf(renderWorkspace(held.workspace), snapshot),
    ...own.flatMap((file) => ownChange(file, snapshot)),
    ...recordChange(record, snapshot),
  ];
  const wanted = tasks.flatMap((task) => task.actions?.(facts, policy) ?? []);
  const halfway = opened.converted.length > 0 || isLeftToDpkg(tasks, facts, wanted) ? halfConfigured(facts) : [];
  const actions = wanted.flatMap((action) => withoutPackages(action, halfway));
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
    ...servingNotes(servingOf(snapshot, policy), facts).filter(isOf(tasks)),
    ...unfinished(facts, halfway, actions),
    ...own.flatMap((file) => ownNote(file, snapshot)),
    ...told,
    ...keptNotes(facts, policy),
    ...sniMapNotes(policy),
    ...notes,
  ];
  const plan = { actions, settings: [...settings, ...held.settings].filter((one) => isWritten(one, snapshot, changes)), changes, activations, notes: all, effects, ...(tasks.length === RECIPE.length && { left }) }; // oxfmt-ignore
  return { ...plan, tasks: tasks.map((task) => outcome(task, snapshot, policy, plan)) };
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

/** Packages that an upgrade unpacked and could not configure, because their daemon does not start with files of 2.3. */
function halfConfigured({ packages }: Facts): string[] {
  return Object.entries(packages)
    .filter(([, { status }]) => status === 'unpacked' || status === 'half-configured')
    .map(([name]) => name);
}

/** A mail package that an upgrade could not configure, although its files need no conversion, and apt has nothing to install. */
function isLeftToDpkg(tasks: readonly Task[], facts: Facts, wanted: readonly Action[]): boolean {
  if (!tasks.some(({ name }) => name === 'install') || wanted.some(({ kind }) => kind === 'install')) return false;
  return halfConfigured(facts).some((name) => /^(postfix|dovecot)/.test(name));
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
