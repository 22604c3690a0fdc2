import { services, type Service } from '../formats/postfix-master.ts';
import type { Workspace } from './workspace.ts';

/** What the ports are called in master.cf. */
export const NAMES: Readonly<Record<number, readonly string[]>> = {
  25: ['smtp', '25'],
  465: ['465', 'smtps', 'submissions', 'ssmtp', 'urd'],
  587: ['587', 'submission'],
};

const known = new WeakMap<object, Service[]>();

/** The services that Postfix runs: of several entries with one name and type the last. A plan asks again and again. */
export function running({ postfix }: Workspace): Service[] {
  if (!postfix) return [];
  const before = known.get(postfix.master);
  if (before) return before;
  const all = services(postfix.master);
  const last = new Map(all.map((one) => [`${one.name} ${one.type}`, one]));
  const found = all.filter((one) => last.get(`${one.name} ${one.type}`) === one);
  known.set(postfix.master, found);
  return found;
}
