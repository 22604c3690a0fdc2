import type { HostResult } from '../model/index.ts';
import type { Views } from './ending-view.ts';
import { escape } from './escape.ts';
import { outcomeOf } from './total.ts';

const HEAD = ['host', 'outcome', 'settings', 'files', 'passed', 'warned', 'failed', 'seconds'];

/** One row per host: its ending, what was changed (or would be), and the results of the checks. */
export function recapTable(results: readonly HostResult[], views: Views): string[] {
  if (results.length < 2) return [];
  const rows = [HEAD, ...results.map((result) => rowOf(result, views))];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const [host = 0, outcome = 0] = widths;
  return rows.map(([name = '', word = '', ...figures]) =>
    [name.padEnd(host), word.padEnd(outcome), ...figures.map((one, n) => one.padStart(widths[n + 2] ?? 0))].join('  '),
  );
}

function rowOf({ host, ending, exit, plan, findings, seconds }: HostResult, views: Views): string[] {
  const count = (wanted: string): string => String(findings.filter(({ status }) => status === wanted).length);
  // A failed run changed nothing, or its own message says what remains.
  const counts = ending.kind !== 'failed' && ending.kind !== 'declined';
  return [
    escape(host),
    outcomeOf(ending.kind, exit, views),
    counts ? String(plan?.settings.length ?? 0) : '-',
    counts ? String(plan?.changes.length ?? 0) : '-',
    ...['pass', 'warn', 'fail'].map(count),
    seconds.toFixed(1),
  ];
}
