/** The end of a run: each host's ending, then the total; or the JSON document. */
import type { ChalkInstance } from 'chalk';
import { diffsOf, diffsOfHost } from './diffs.ts';
import { EXIT } from '../model/errors.ts';
import type { Ending, HostResult } from '../model/index.ts';
import { auditLines } from '../report/audit-lines.ts';
import { viewOf, type EndingView, type Views } from '../report/ending-view.ts';
import { findingLines } from '../report/findings.ts';
import { recapTable } from '../report/table.ts';
import { totalLine } from '../report/total.ts';

/** A finished run. */
export interface FinishedRun {
  readonly command: string;
  /** The version of harden-mail. */
  readonly version: string;
  /** The view of every ending that the command can have. */
  readonly views: Views;
  /** Print the hosts' lines only, without a table and a total. */
  readonly bare?: boolean;
  readonly dryRun: boolean;
  /** Start, in milliseconds since the epoch. */
  readonly began: number;
  readonly seconds: number;
  readonly exit: number;
  readonly results: readonly HostResult[];
  /** Why the run ended before any host. */
  readonly failure?: Ending & { readonly kind: 'failed' };
}

export interface Wishes {
  readonly diff: boolean;
  /** Print only failures, warnings and totals. */
  readonly quiet: boolean;
}

/** The recap as lines of text. */
export async function recap(
  { command, results, views, bare = false }: FinishedRun,
  chalk: ChalkInstance,
  wishes: Wishes,
): Promise<string[]> {
  const lines: string[] = [];
  for (const result of results) {
    const view = viewOf(views, result.ending.kind);
    if (wishes.quiet && !needsAttention(result, view) && !(results.length === 1 && isNews(result, view))) continue;
    lines.push(...(await view.above(result, chalk, wishes.diff ? diffsOfHost() : async () => [])));
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

/** A single host has no total, so its own line says what was done. */
function isNews({ exit }: HostResult, view: EndingView): boolean {
  return view.total(exit) !== 'ok';
}

/** A failure, or a warning. */
function needsAttention({ ending, exit, findings, plan }: HostResult, view: EndingView): boolean {
  return (
    exit !== EXIT.ok ||
    view.needsAttention(ending) ||
    findings.some(({ status }) => status === 'warn') ||
    (plan?.notes ?? []).some(({ level }) => level === 'warning')
  );
}

/** After any other failure, earlier findings would only hide the cause. */
export function isAboutChecks(ending: Ending): boolean {
  return ending.kind !== 'failed' || ['VERIFY_FAILED', 'ROLLED_BACK'].includes(ending.code);
}

/** The JSON document. */
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
