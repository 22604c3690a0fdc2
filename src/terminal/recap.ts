/** The last words of a run: for each host how it ended, then the total; or the document for programs. */
import type { ChalkInstance } from 'chalk';
import { readFileSync } from 'node:fs';
import type { HostCommand } from '../cli/options.ts';
import { diffsOf } from './diffs.ts';
import { EXIT } from '../model/errors.ts';
import type { Ending, HostResult } from '../model/index.ts';
import { auditLines } from '../report/audit.ts';
import { endingLine } from '../report/ending.ts';
import { findingLines } from '../report/findings.ts';
import { transactionLines } from '../report/history.ts';
import { mapLines } from '../report/map.ts';
import { diffLines, headline } from '../report/plan.ts';
import { recapTable } from '../report/table.ts';
import { outcomeOf, totalLine } from '../report/total.ts';

/** A run that is over. */
export interface Run {
  readonly command: HostCommand;
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
export async function recap({ command, results }: Run, chalk: ChalkInstance, wishes: Wishes): Promise<string[]> {
  const lines: string[] = [];
  for (const result of results) {
    if (wishes.quiet && !needsAttention(result) && !(results.length === 1 && isNews(result))) continue;
    lines.push(...mapOfHost(result, chalk));
    for (const transaction of result.ending.kind === 'history' ? result.ending.transactions : []) {
      lines.push(...transactionLines(transaction, chalk));
      if (wishes.diff) lines.push(...(await diffsOf(transaction.changes)).map((diff) => diffLines(diff, chalk)));
    }
    const findings = isAboutChecks(result.ending) ? result.findings : [];
    const told = wishes.quiet ? findings.filter(({ status }) => status !== 'hint') : findings;
    const seen =
      result.audit && !wishes.quiet
        ? auditLines(result.audit, told, chalk)
        : findingLines(told, chalk, command === 'verify' && !wishes.quiet);
    lines.push(...seen, ...endingLine(result, chalk));
  }
  // Records are lines of a zone file, and nothing else may stand between them.
  if (command === 'dns') return lines;
  return [...lines, ...(wishes.quiet ? [] : recapTable(results)), ...totalLine(results)];
}

function mapOfHost({ host, facts, ending }: HostResult, chalk: ChalkInstance): string[] {
  if (ending.kind !== 'mapped') return [];
  return [...(facts ? [headline(host, facts, chalk)] : []), ...mapLines(ending.map, chalk)];
}

/** Of a single host there is no total, so its own line says what was done. */
function isNews({ ending, exit }: HostResult): boolean {
  return outcomeOf(ending.kind, exit) !== 'ok';
}

/** Something went wrong, or a warning says that it will. */
function needsAttention({ ending, exit, findings, plan }: HostResult): boolean {
  return (
    exit !== EXIT.ok ||
    (ending.kind === 'examined' && ending.diagnoses.some(({ status }) => status === 'warn')) ||
    findings.some(({ status }) => status === 'warn') ||
    (plan?.notes ?? []).some(({ level }) => level === 'warning')
  );
}

/** What was seen before a failure of another kind would only hide its cause. */
export function isAboutChecks(ending: Ending): boolean {
  return ending.kind !== 'failed' || ['VERIFY_FAILED', 'ROLLED_BACK'].includes(ending.code);
}

/** The document for programs. */
export async function document({ command, dryRun, began, seconds, exit, results, failure }: Run): Promise<string> {
  const { jsonDocument } = await import('../report/json.ts');
  const diffs = new Map<string, string[]>();
  for (const { host, plan } of results) diffs.set(host, plan ? await diffsOf(plan.changes) : []);
  const started = new Date(began).toISOString();
  return jsonDocument({ command, tool: version(), started, seconds, dryRun, exit, error: failure }, results, diffs);
}

/** Of this program. */
export function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
