import type { Ending, HostResult } from '../model.ts';
import type { Document, DocumentHost } from './schema.ts';

/** What is told of a run as a whole. */
export type RunFacts = Omit<Document, 'version' | 'hosts'>;

/**
 * What `--json` prints: one document for the whole run, described in docs/json.md. Facts are told in short; files come
 * as diffs with secrets masked, never whole.
 * @param diffs of each host by name, in the order of its plan's changes
 */
export function jsonDocument(
  run: RunFacts,
  results: readonly HostResult[],
  diffs: ReadonlyMap<string, readonly string[]>,
): string {
  const { command, tool, started, seconds, dryRun, exit, error } = run;
  const document: Document = {
    version: 1,
    command,
    tool,
    started,
    seconds: seconds === undefined ? undefined : rounded(seconds),
    dryRun,
    exit,
    error: error && failureOf(error),
    hosts: results.map((result) => hostOf(result, diffs.get(result.host) ?? [])),
  };
  return `${asciiControls(JSON.stringify(document, null, 2))}\n`;
}

function hostOf({ host, ending, exit, facts, plan, findings, audit, seconds }: HostResult, diffs: readonly string[]) {
  const { outcome, ...more } = endingOf(ending);
  return {
    host,
    outcome,
    exit,
    ...more,
    seconds: rounded(seconds),
    facts: facts && { os: facts.os.pretty, postfix: facts.postfix, dovecot: facts.dovecot, hostname: facts.hostname },
    plan: plan && {
      tasks: plan.tasks,
      actions: plan.actions,
      settings: plan.settings,
      files: plan.changes.map(({ path, mode, owner }, index) => ({ path, mode, owner, diff: diffs[index] ?? '' })),
      activations: plan.activations,
      notes: plan.notes.map(({ task, level, text }) => ({ task, level, text })),
      effects: plan.effects ?? [],
    },
    findings,
    ...(audit && { audit }),
  } as DocumentHost; // that each outcome has what belongs to it, is held below
}

type Own<T> = T extends unknown
  ? Omit<T, 'host' | 'exit' | 'seconds' | 'facts' | 'plan' | 'findings' | 'audit'>
  : never;

/** What a host has because of how it ended. */
function endingOf(ending: Ending): Own<DocumentHost> {
  const receipt = 'receipt' in ending && ending.receipt;
  const told = receipt
    ? { transaction: receipt.id, state: receipt.state, ...(receipt.notes && { remarks: [...receipt.notes] }) }
    : {};
  switch (ending.kind) {
    case 'unchanged':
    case 'pending':
    case 'declined':
    case 'verified':
      return { outcome: ending.kind };
    case 'changed':
      return { outcome: 'changed', ...told };
    case 'failed':
      return { outcome: 'failed', error: failureOf(ending), ...told };
    case 'checked':
      return { outcome: 'checked', drift: ending.drift };
    case 'foreseen':
      return { outcome: 'foreseen', release: ending.release };
    case 'examined':
      return { outcome: 'examined', diagnoses: ending.diagnoses };
    case 'dns':
      return { outcome: 'dns', records: ending.records };
    case 'mapped':
      return { outcome: 'mapped', map: ending.map };
    case 'history':
      return {
        outcome: 'history',
        history: ending.transactions.map(({ changes, ...one }) => ({ ...one, files: changes.map(({ path }) => path) })),
      };
  }
}

function failureOf({ code, message, hint, excerpt }: NonNullable<RunFacts['error']>) {
  return { code, message, hint, excerpt };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/** JSON's own escapes also for DEL, C1 and what turns or hides text: the values are the same, and a terminal is safe. */
function asciiControls(json: string): string {
  const code = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return json.replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => char.split('').map(code).join(''));
}
