/** The verdict of a rehearsal, from its acts. */
import { createHash } from 'node:crypto';
import type { Act, Change, Plan, Rehearsal } from '../model/index.ts';
import { withStandIns, type Clues } from './stand-ins.ts';

/** The act that only reports. */
export const WITH_FILES_OF_PACKAGES = 'with the files of the packages' satisfies Act['name'];

type Course = Omit<Rehearsal, 'good' | 'verdict'>;

export function judged(course: Course): Rehearsal {
  const bad = course.acts.find(({ faults }) => faults.length > 0);
  const [fault] = bad?.faults ?? [];
  if (bad && fault !== undefined) return { good: false, verdict: `${bad.name}: ${fault}${played(course)}`, ...course };
  if (course.sameDiff === false)
    return {
      good: false,
      verdict: 'the plan for the copy is not the plan for the host, so the copy proves nothing about it',
      ...course,
    };
  return { good: true, verdict: praise(course), ...course };
}

/** A copy of another release than the host's must not be taken for it. */
function played({ nearest }: Course): string {
  return nearest === undefined ? '' : ` (played on ${nearest.copy} in place of ${nearest.host})`;
}

function praise(course: Course): string {
  const { acts: all, upgradeTo, nearest } = course;
  const acts = all.filter(({ name }) => name !== WITH_FILES_OF_PACKAGES);
  const done = acts.map(({ name }) => name).filter((name) => name !== 'as it is');
  const longest = Math.max(0, ...acts.flatMap(({ outages }) => outages.map(({ seconds }) => seconds)));
  const out = longest === 0 ? 'no port was out' : `the longest outage of a port was ${longest} s`;
  const goal = nearest?.goal ?? upgradeTo;
  const upgrade = goal === undefined ? 'upgrade' : `upgrade to ${goal}`;
  return `${done.join(', ').replace('upgrade', upgrade)} worked, and ${out}${played(course)}`;
}

/** The plan as it may be shown: its files have stand-ins in place of secrets. */
export function shownPlan(plan: Plan, clues: Clues): Plan {
  const text = ({ path, mode }: Change, bytes: string | null): string | null =>
    bytes === null ? null : withStandIns({ path, mode, bytes, pristine: false }, clues).bytes;
  const changes = plan.changes.map((change) => ({
    ...change,
    before: text(change, change.before),
    after: text(change, change.after),
  }));
  return { ...plan, changes };
}

/** The changes of a plan, by path: a digest of each, apart from what stand-ins replace. */
export type ChangeDigests = Readonly<Record<string, string>>;

export function changeDigests(plan: Plan, clues: Clues): ChangeDigests {
  const { changes } = shownPlan(plan, clues);
  const digest = ({ mode, owner, before, after }: Change): string =>
    createHash('sha256')
      .update(JSON.stringify([mode, owner, before, after]))
      .digest('hex');
  return Object.fromEntries(changes.map((change) => [change.path, digest(change)]));
}

/** Paths of the files that the two plans change in different ways. */
export function differing(ofHost: ChangeDigests, ofCopy: ChangeDigests): string[] {
  const paths = [...new Set([...Object.keys(ofHost), ...Object.keys(ofCopy)])].sort();
  return paths.filter((path) => ofHost[path] !== ofCopy[path]);
}
