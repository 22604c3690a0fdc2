/** The last words of a run: for each host how it ended, then the total; or the document for programs. */
import type { ChalkInstance } from 'chalk';
import { diffsOf } from './diffs.ts';
import { EXIT } from '../model/errors.ts';
import type { Ending, HostResult } from '../model/index.ts';
import { auditLines } from '../report/audit-lines.ts';
import { viewOf, type EndingView, type Views } from '../report/ending-view.ts';
import { findingLines } from '../report/findings.ts';
import { recapTable } from '../report/table.ts';
import { totalLine } from '../report/total.ts';

/** A run that is over. */
export interface FinishedRun {
  readonly command: string;
  /** Of this program. */
  readonly version: string;
  /** Of every ending that the command can have. */
  readonly views: Views;
  /** Print the hosts' lines only, without a table and a total. */
  readonly bare?: boolean;
  readonly dryRun: boolean;
  /** Milliseconds since the epoch. */
  readonly began: number;
  readonly seconds: number;
  readonly exit: number;
  readonly results: readonly HostResult[];
  /** Why no host was begun. */
  readonly failure?: Ending & { readonly kind: 'failed' };
}

export interface Wishes {
  readonly diff: boolean;
  /** Only what went wrong, or will. */
  readonly quiet: boolean;
}

/** Lines for people. */
export async function recap(
  { command, results, views, bare = false }: FinishedRun,
  chalk: ChalkInstance,
  wishes: Wishes,
): Promise<string[]> {
  const lines: string[] = [];
  for (const result of results) {
    const view = viewOf(views, result.ending.kind);
    if (wishes.quiet && !needsAttention(result, view) && !(results.length === 1 && isNews(result, view))) continue;
    lines.push(...(await view.above(result, chalk, wishes.diff ? diffsOf : async () => [])));
    const findings = isAboutChecks(result.ending) ? result.findings : [];
    const told = wishes.quiet ? findings.filter(({ status }) => status !== 'hint') : findings;
    const seen =
      result.audit && !wishes.quiet
        ? auditLines(result.audit, told, chalk)
        : findingLines(told, chalk, command === 'verify' && !wishes.quiet);
    lines.push(...seen, ...view.lines(result, chalk));
  }
  if (bare) return lines;
  return [...lines, ...(wishes.quiet ? [] : recapTable(results, views)), ...totalLine(results, views)];
}

/** Of a single host there is no total, so its own line says what was done. */
function isNews({ exit }: HostResult, view: EndingView): boolean {
  return view.total(exit) !== 'ok';
}

/** Something went wrong, or a warning says that it will. */
function needsAttention({ ending, exit, findings, plan }: HostResult, view: EndingView): boolean {
  return (
    exit !== EXIT.ok ||
    view.needsAttention(ending) ||
    findings.some(({ status }) => status === 'warn') ||
    (plan?.notes ?? []).some(({ level }) => level === 'warning')
  );
}

/** What was seen before a failure of another kind would only hide its cause. */
export function isAboutChecks(ending: Ending): boolean {
  return ending.kind !== 'failed' || ['VERIFY_FAILED', 'ROLLED_BACK'].includes(ending.code);
}

/** The document for programs. */
export async function document({
  command,
  version,
  views,
  dryRun,
  began,
  seconds,
  exit,
  results,
  failure,
}: FinishedRun): Promise<string> {
  const { jsonDocument } = await import('../report/json.ts');
  const diffs = new Map<string, string[]>();
  for (const { host, plan } of results) diffs.set(host, plan ? await diffsOf(plan.changes) : []);
  const started = new Date(began).toISOString();
  return jsonDocument(
    { command, tool: version, started, seconds, dryRun, exit, error: failure },
    results,
    diffs,
    views,
  );
}
