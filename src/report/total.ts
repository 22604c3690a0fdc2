import { EXIT } from '../errors.ts';
import type { Ending, HostResult } from '../model.ts';
import { isEmpty } from '../model.ts';
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
  examined: 'ok',
  failed: 'failed',
};

/** Of several hosts: `40 hosts: 37 ok, 2 changed, 1 failed`. */
export function totalLine(results: readonly HostResult[]): string[] {
  if (results.length < 2) return [];
  const drifted = ({ ending, plan }: HostResult): boolean =>
    (ending.kind === 'checked' || ending.kind === 'foreseen') && plan !== null && !isEmpty(plan);
  const outcome = (result: HostResult): string => {
    if (drifted(result)) return 'drifted';
    return result.ending.kind === 'examined' && result.exit !== EXIT.ok ? 'failed' : OUTCOME[result.ending.kind];
  };
  const outcomes = group(results, outcome);
  const counts = [...outcomes].map(([outcome, all]) => `${all.length} ${outcome}`);
  return [`${results.length} hosts: ${counts.join(', ')}`];
}
