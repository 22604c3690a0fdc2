/** A plan of some tasks of the recipe only (--tags, --skip-tags). Pure. */
import { HardenMailError } from '../model/errors.ts';
import { PATHS, CONVERSION } from '../model/index.ts';
import type { Activation, Note, Plan, Policy, Snapshot, TaskName, TaskOutcome } from '../model/index.ts';
import { RECIPE } from '../tasks/index.ts';
import { NEEDS } from '../tasks/needs.ts';
import { restart } from '../tasks/restart.ts';
import { compose } from './compose.ts';
import { readRecord } from './profile/record.ts';
import { withServing } from './serving/served-ports.ts';

export interface PartialPlan {
  readonly plan: Plan;
  /** Tasks that are left out although the host is not as they want it. */
  readonly open: readonly TaskName[];
}

/**
 * The plan of the chosen tasks. Each task that is left out is planned alone, to report it and to see whether a chosen task
 * depends on it.
 * @throws USAGE if a chosen task depends on one that is left out; if the profile or the additional names differ from the host's
 * record; or if Dovecot's files are of another release, because their conversion needs the whole recipe
 */
export function composePart(snapshot: Snapshot, asked: Policy, chosen: readonly TaskName[]): PartialPlan {
  const policy = withServing(asked, snapshot);
  const tasks = RECIPE.filter(({ name }) => chosen.includes(name));
  if (tasks.length === RECIPE.length) return { plan: compose(snapshot, policy), open: [] };
  assertProfile(snapshot, policy);
  if (compose(snapshot, policy, []).settings.some(({ fragment }) => fragment === CONVERSION)) throw halfUpgraded();
  const left = new Map(RECIPE.filter((task) => !tasks.includes(task)).map(({ name }) => [name, alone(name)]));
  assertBorne();

  const plan = compose(snapshot, policy, tasks);
  const activations = left.has('restart') ? handlers(plan) : plan.activations;
  const outcomes = RECIPE.map(({ name }) => left.get(name)?.outcome ?? plan.tasks.find((one) => one.name === name)!);
  const open = [...left].filter(([, { ok }]) => !ok).map(([name]) => name);
  return { plan: { ...plan, activations, tasks: outcomes, notes: [...told(open), ...plan.notes] }, open };

  function alone(name: TaskName): { plan: Plan | null; ok: boolean; outcome: TaskOutcome } {
    const skipped = (summary: string): TaskOutcome => ({ name, state: 'skipped', summary: `left out: ${summary}` });
    try {
      const plan = compose(
        snapshot,
        policy,
        RECIPE.filter((task) => task.name === name),
      );
      const { state = 'ok', summary = '' } = plan.tasks[0] ?? {};
      return { plan, ok: state === 'ok', outcome: skipped(summary) };
    } catch (error) {
      if (!(error instanceof HardenMailError)) throw error;
      return { plan: null, ok: false, outcome: skipped(error.message) };
    }
  }

  /** Fails if a chosen task needs something that a task that is left out has not done yet. */
  function assertBorne(): void {
    for (const { task, on, missing, why } of NEEDS) {
      const other = left.get(on);
      if (other && chosen.includes(task) && missing(other.plan, snapshot, policy)) throw unborne(task, on, why);
    }
  }

  /**
   * The reloads and restarts for the written files. They run whatever the tags are, like Ansible's handlers. A daemon that is
   * stopped, and a daemon whose files do not change, are left alone: they belong to the task `restart`, which is left out.
   */
  function handlers({ changes }: Plan): readonly Activation[] {
    if (changes.length === 0) return [];
    const all = restart.activations?.(snapshot, policy, changes) ?? [];
    const touches = (folder: string): boolean => changes.some(({ path }) => path.startsWith(folder));
    const postfix = touches(`${PATHS.POSTFIX}/`);
    const dovecot =
      postfix ||
      changes.some(({ path }) => !/^(\/etc\/(postfix|letsencrypt|systemd)|\/var\/lib\/harden-mail)\//.test(path));
    return all.filter(
      ({ unit, how }) => how !== 'start' && (unit === 'postfix' ? postfix : unit !== 'dovecot' || dovecot),
    );
  }
}

/** A profile is adopted, or left, as a whole: with half of it, verify could not tell what to expect. */
function assertProfile(snapshot: Snapshot, { profile, asked = [], sni = [] }: Policy): void {
  const has = readRecord(snapshot);
  if (JSON.stringify(sni) !== JSON.stringify(has.sni)) {
    throw new HardenMailError(
      'USAGE',
      'the additional names (sni) differ from those that the host has, and only the whole recipe changes them',
      'Nothing was written. Run it once without --tags and --skip-tags.',
    );
  }
  if (profile === has.profile && asked.join() === has.asked.join()) return;
  throw new HardenMailError(
    'USAGE',
    `the host has the profile ${[has.profile, ...has.asked].join(', ')}, and ${[profile, ...asked].join(', ')} is another: only the whole recipe leads there`,
    'Nothing was written. Run it once without --tags and --skip-tags.',
  );
}

function told(open: readonly TaskName[]): Note[] {
  const [first] = open;
  if (first === undefined) return [];
  return [{ task: first, level: 'warning', text: `left out, and not as it should be: ${open.join(', ')}` }];
}

function unborne(task: TaskName, on: TaskName, why: string): HardenMailError {
  return new HardenMailError(
    'USAGE',
    `${task} rests on ${on}, which is left out: ${why}`,
    `Nothing was written. Include ${on} (--tags ${on},${task}), or leave ${task} out too.`,
  );
}

function halfUpgraded(): HardenMailError {
  return new HardenMailError(
    'USAGE',
    "Dovecot's files are still those of 2.3, which its 2.4 does not start with: a part of the recipe cannot fix that",
    'Nothing was written. Run it once without --tags and --skip-tags.',
  );
}
