import { services, type Service } from '../formats/postfix-master.ts';
import type { Workspace } from './workspace.ts';

/** What the ports are called in master.cf. */
export const NAMES: Readonly<Record<number, readonly string[]>> = {
  25: ['smtp', '25'],
  465: ['465', 'smtps', 'submissions', 'ssmtp', 'urd'],
  587: ['587', 'submission'],
};

/** The services that Postfix runs: of several entries with one name and type the last. */
export function running({ postfix }: Workspace): Service[] {
  const all = postfix ? services(postfix.master) : [];
  return all.filter((one) => one === all.findLast(({ name, type }) => name === one.name && type === one.type));
}
