/** A plan of some tasks of the recipe only (--tags, --skip-tags). Pure. */
import { HardenMailError } from '../model/errors.ts';
import { CONVERSION } from '../model/index.ts';
import type { Activation, Note, Plan, Policy, Snapshot, TaskName, TaskOutcome } from '../model/index.ts';
import { RECIPE } from '../tasks/index.ts';
import { NEEDS } from '../tasks/needs.ts';
import { restart } from '../tasks/restart.ts';
import { compose } from './compose.ts';
import { readRecord } from './profile/record.ts';
import { withServing } from './serving/served-ports.ts';

export interface PartialPlan {
  readonly plan: Plan;
  /** Tasks that are left out and not as they should be. */
  readonly open: readonly TaskName[];
}

/**
 * What these tasks would change. Those left out are told, and looked at alone: for whether something chosen rests on them.
 * @throws USAGE where it does, where the profile is or was strict, or where the files are those of another release, which is mended whole or not at all
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

  /** Nothing that is chosen may rest on what is left out and not there. */
  function assertBorne(): void {
    for (const { task, on, missing, why } of NEEDS) {
      const other = left.get(on);
      if (other && chosen.includes(task) && missing(other.plan, snapshot, policy)) throw unborne(task, on, why);
    }
  }

  /**
   * What is written is taken up, as Ansible's handlers run whatever the tags; but a daemon that others have stopped, or whose
   * files nobody touches here, is the business of the task that is left out.
   */
  function handlers({ changes }: Plan): readonly Activation[] {
    if (changes.length === 0) return [];
    const all = restart.activations?.(snapshot, policy, changes) ?? [];
    const touches = (folder: string): boolean => changes.some(({ path }) => path.startsWith(folder));
    const postfix = touches('/etc/postfix/');
    const dovecot =
      postfix ||
      changes.some(({ path }) => !/^(\/etc\/(postfix|letsencrypt|systemd)|\/var\/lib\/harden-mail)\//.test(path));
    return all.filter(
      ({ unit, how }) => how !== 'start' && (unit === 'postfix' ? postfix : unit !== 'dovecot' || dovecot),
    );
  }
}

/** A profile is taken up, or left, whole: half of it is none, and verify could not tell what to expect. */
function assertProfile(snapshot: Snapshot, { profile, asked = [], sni = [] }: Policy): void {
  const has = readRecord(snapshot);
  if (JSON.stringify(sni) !== JSON.stringify(has.sni)) {
    throw new HardenMailError(
      'USAGE',
      'the further names (sni) are others than those the host has, which a part of the recipe does not lead to',
      'Nothing was written. Run it once without --tags and --skip-tags.',
    );
  }
  if (profile === has.profile && asked.join() === has.asked.join()) return;
  throw new HardenMailError(
    'USAGE',
    `the host has the profile ${[has.profile, ...has.asked].join(', ')}, and ${[profile, ...asked].join(', ')} is another, which a part of the recipe does not lead to`,
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
    `Nothing was written. Take ${on} in (--tags ${on},${task}), or leave ${task} out too.`,
  );
}

function halfUpgraded(): HardenMailError {
  return new HardenMailError(
    'USAGE',
    "Dovecot's files are still those of 2.3, which its 2.4 does not start with: a part of the recipe cannot mend that",
    'Nothing was written. Run it once without --tags and --skip-tags.',
  );
}
