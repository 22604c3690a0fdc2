import type { Facts, Plan } from '../model/index.ts';
import { escape } from './escape.ts';

/** A plan as it is shown, with its host. */
export interface Shown {
  readonly name: string;
  /** The host's own mail domain. Plans that differ only in it count as the same. */
  readonly domain: string;
  readonly facts: Facts;
  readonly plan: Plan;
}

/** Groups plans that read the same except for each host's own domain, in the order of the first of each group. */
export function alike<T extends Shown>(plans: readonly T[], textOf: (plan: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const plan of plans) {
    const text = textOf(plan).replaceAll(plan.domain, '\0');
    groups.set(text, [...(groups.get(text) ?? []), plan]);
  }
  return [...groups.values()];
}

const MOST_NAMES = 3;

/** `mx1, mx2, mx3 and 37 more: the same plan, except for the domain of each`; nothing for one host. */
export function sharedBy(plans: readonly Shown[]): string[] {
  if (plans.length < 2) return [];
  const names = plans.slice(0, MOST_NAMES).map(({ name }) => escape(name));
  const more = plans.length > MOST_NAMES ? ` and ${plans.length - MOST_NAMES} more` : '';
  return [`${names.join(', ')}${more}: the same plan, except for the domain of each`];
}
