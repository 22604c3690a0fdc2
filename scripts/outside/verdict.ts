/** What must not be said of a host. */
import { explanationOf, reasonFor } from './explained.ts';
import type { Remark, Severity } from './opinion.ts';
import type { Seen } from './look.ts';

const WORSE: readonly Severity[] = ['MEDIUM', 'HIGH', 'CRITICAL', 'FATAL'];

/** Of a strict host: MEDIUM or worse, LOW without a reason, a suite that nmap grades below A. Of any: a difference that nobody explains. */
export function faultsOf({ release, host, port, tool, remarks, grade, suites, differences }: Seen): string[] {
  const where = `${release}, ${host}, ${port}, ${tool}`;
  const strict = host === 'strict';
  const unfit = ({ severity }: Remark): boolean => WORSE.includes(severity);
  const unreasoned = (one: Remark): boolean => one.severity === 'LOW' && reasonFor(one) === '';
  return [
    ...(suites === 0 ? ['saw no suite'] : []),
    ...(strict ? remarks.filter((one) => unfit(one) || unreasoned(one)).map(told) : []),
    ...(strict && tool === 'nmap' && grade !== 'A' ? [`least strength: ${grade ?? 'none'}`] : []),
    ...differences.filter((one) => explanationOf(tool, one) === '').map(({ only, item }) => `only ${only}: ${item}`),
  ].map((fault) => `${where}: ${fault}`);
}

const ORDER: readonly Severity[] = ['LOW', ...WORSE];

/** The worst that was said; WARN is about the tool, not about the host. */
export function worst(remarks: readonly Remark[]): string {
  const index = Math.max(-1, ...remarks.map(({ severity }) => ORDER.indexOf(severity)));
  return ORDER[index] ?? 'OK';
}

const told = ({ severity, id, text }: Remark): string => `${severity} ${id}: ${text}`;
