/** The end of a run: each host's ending, then the total; or the JSON document. */
import type { ChalkInstance } from 'chalk';
import { escape } from '../report/escape.ts';
import { diffsFor, diffsOf, type DiffWish } from './diffs.ts';
import { EXIT } from '../model/errors.ts';
import type { Ending, HostResult } from '../model/index.ts';
import { auditLines } from '../report/audit-lines.ts';
import { viewOf, type EndingView, type Views } from '../report/ending-view.ts';
import { findingLines } from '../report/findings.ts';
import { matrixLines } from '../report/matrix-lines.ts';
import { fit } from '../report/fit.ts';
import { recapTable } from '../report/table.ts';
import { totalLine } from '../report/total.ts';
import { gradeLines } from '../report/grade-lines.ts';
import { whatNow, type Again } from '../report/what-now.ts';

/** A finished run. */
export interface FinishedRun {
  readonly command: string;
  /** The version of harden-mail. */
  readonly version: string;
  /** The view of every ending that the command can have. */
  readonly views: Views;
  /** Did the user press Ctrl-C? */
  readonly interrupted?: boolean;
  /** Print the hosts' lines only, without a table and a total. */
  readonly bare?: boolean;
  readonly dryRun: boolean;
  /** Start, in milliseconds since the epoch. */
  readonly began: number;
  readonly seconds: number;
  readonly exit: number;
  readonly results: readonly HostResult[];
  /** Command lines of further commands on the same hosts; absent: none are shown. */
  readonly again?: Again;
  /** Why the run ended before any host. */
  readonly failure?: Ending & { readonly kind: 'failed' };
}

export interface Wishes {
  readonly diff: DiffWish;
  /** Print only failures, warnings and totals. */
  readonly quiet: boolean;
  /** Every check on a line of its own, in place of a table. */
  readonly everything: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

/** The recap as lines of text. */
export async function recap(
  { command, results, views, bare = false, again, interrupted = false }: FinishedRun,
  chalk: ChalkInstance,
  wishes: Wishes,
): Promise<string[]> {
  const lines: string[] = [];
  for (const result of results) {
    const view = viewOf(views, result.ending.kind);
    if (wishes.quiet && !needsAttention(result, view) && !(results.length === 1 && isNews(result, view))) continue;
    lines.push(...(await view.above(result, chalk, diffsFor(wishes.diff))));
    const findings = isAboutChecks(result.ending) ? result.findings : [];
    const wanted = wishes.quiet ? findings.filter(({ status }) => status !== 'hint') : findings;
    const seen = wishes.quiet
      ? findingLines(wanted, chalk, false)
      : [
          ...(command === 'verify' && !wishes.everything ? matrixLines(wanted, chalk) : []),
          ...(result.audit
            ? auditLines(result.audit, wanted, chalk, wishes.everything)
            : findingLines(wanted, chalk, command === 'verify' && wishes.everything)),
        ];
    const graded = result.grade ? gradeLines(result.host, result.grade, chalk) : [];
    const told = [...seen, ...view.lines(result, chalk), ...(interrupted ? stands(result, chalk) : []), ...graded];
    lines.push(...(bare ? told : told.flatMap((line) => fit(line, wishes.width))));
  }
  if (bare) return lines;
  // cron mails every line: a run without news has none.
  const isWell = results.every((result) => !isNews(result, viewOf(views, result.ending.kind)));
  if (wishes.quiet && lines.length === 0 && isWell) return [];
  const [only] = results;
  // Of several hosts, each line names the transaction; what follows is the same for all, and known from the first host.
  const now = again && only && results.length === 1 && !wishes.quiet ? whatNow(only, again, chalk) : [];
  return [
    ...lines,
    ...(wishes.quiet ? [] : recapTable(results, views)),
    ...totalLine(results, views),
    ...now.flatMap((line) => fit(line, wishes.width)),
  ];
}

/** After Ctrl-C: a change that was confirmed is not undone by it. */
function stands({ host, ending }: HostResult, chalk: ChalkInstance): string[] {
  if (ending.kind !== 'changed') return [];
  return [`${chalk.bold(escape(host))}  Ctrl-C came after the plan was accepted: ${chalk.bold('the change stands')}`];
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

/** After a no, or any other failure, earlier findings would only hide the cause. */
export function isAboutChecks(ending: Ending): boolean {
  if (ending.kind === 'declined') return false;
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
