import type { HostResult } from '../model/index.ts';
import { group } from './count.ts';
import { viewOf, type Kind, type Views } from './ending-view.ts';

/** A host's ending in one word. */
export function outcomeOf(kind: Kind, exit: number, views: Views): string {
  return viewOf(views, kind).total(exit);
}

/** `40 hosts: 37 ok, 2 changed, 1 failed` */
export function totalOf(outcomes: readonly string[]): string {
  const counts = [...group(outcomes, (outcome) => outcome)].map(([outcome, all]) => `${all.length} ${outcome}`);
  return `${outcomes.length} ${outcomes.length === 1 ? 'host' : 'hosts'}: ${counts.join(', ') || 'none was started'}`;
}

/** The total of several hosts. */
export function totalLine(results: readonly HostResult[], views: Views): string[] {
  if (results.length < 2) return [];
  return [totalOf(results.map(({ ending, exit }) => outcomeOf(ending.kind, exit, views)))];
}
