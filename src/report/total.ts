import { EXIT } from '../model/errors.ts';
import type { Ending, HostResult } from '../model/index.ts';
import { group } from './count.ts';

const OUTCOME: Record<Ending['kind'], string> = {
  unchanged: 'ok',
  verified: 'ok',
  checked: 'ok',
  foreseen: 'ok',
  changed: 'changed',
  pending: 'to be changed',
  declined: 'declined',
  history: 'read',
  dns: 'read',
  mapped: 'read',
  examined: 'ok',
  failed: 'failed',
};

/** How a host's run ended, in a word. */
export function outcomeOf(kind: Ending['kind'], exit: number): string {
  if (exit === EXIT.ok || kind === 'pending') return OUTCOME[kind];
  return kind === 'checked' || kind === 'foreseen' ? 'drifted' : 'failed';
}

/** `40 hosts: 37 ok, 2 changed, 1 failed` */
export function totalOf(outcomes: readonly string[]): string {
  const counts = [...group(outcomes, (outcome) => outcome)].map(([outcome, all]) => `${all.length} ${outcome}`);
  return `${outcomes.length} ${outcomes.length === 1 ? 'host' : 'hosts'}: ${counts.join(', ') || 'none was begun'}`;
}

/** The total of several hosts. */
export function totalLine(results: readonly HostResult[]): string[] {
  if (results.length < 2) return [];
  return [totalOf(results.map(({ ending, exit }) => outcomeOf(ending.kind, exit)))];
}
