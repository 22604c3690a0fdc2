import { portsOnlyThroughSsh, type Action, type HostResult } from '../model/index.ts';
import { viewOf, type Views } from './ending-view.ts';
import { findingIds } from './finding-ids.ts';
import { wasOf } from './file-lines.ts';
import type { Document, DocumentHost } from './document-schema.ts';

/** The facts about the run as a whole. */
export type RunFacts = Omit<Document, 'version' | 'hosts'>;

/**
 * The output of `--json`: one document for the whole run, described in docs/json.md. Facts are summarized; files appear as diffs
 * with secrets masked, never whole.
 * @param diffs of each host by name, in the order of its plan's changes
 * @param views of every ending that occurs
 */
export function jsonDocument(
  run: RunFacts,
  results: readonly HostResult[],
  diffs: ReadonlyMap<string, readonly string[]>,
  views: Views,
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
    error: error && { code: error.code, message: error.message, hint: error.hint, excerpt: error.excerpt },
    hosts: results.map((result) => hostOf(result, diffs.get(result.host) ?? [], views)),
  };
  return `${asciiControls(JSON.stringify(document, null, 2))}\n`;
}

function hostOf(
  { host, ending, exit, facts, plan, findings, audit, grade, seconds }: HostResult,
  diffs: readonly string[],
  views: Views,
): DocumentHost {
  const ids = findingIds(findings);
  const hidden = portsOnlyThroughSsh(findings);
  return {
    host,
    outcome: ending.kind,
    exit,
    ...viewOf(views, ending.kind).fields(ending),
    seconds: rounded(seconds),
    facts: facts && { os: facts.os.pretty, postfix: facts.postfix, dovecot: facts.dovecot, hostname: facts.hostname },
    plan: plan && {
      tasks: plan.tasks,
      actions: plan.actions.map((action) => (action.kind === 'certificate' ? flat(action) : action)),
      settings: plan.settings,
      files: plan.changes.map((change, index) => {
        const { path, mode, owner } = change;
        return { path, was: wasOf(change), mode, owner, diff: diffs[index] ?? '' };
      }),
      activations: plan.activations,
      notes: plan.notes.map(({ task, level, text }) => ({ task, level, text })),
      effects: plan.effects ?? [],
      ...(plan.left && { left: plan.left }),
    },
    findings: findings.map((one, at) => ({ id: ids[at] ?? '', ...one })),
    ...(hidden.length > 0 && { onlyThroughSsh: hidden }),
    ...(audit && { audit }),
    ...(grade && { grade }),
  };
}

/** The settings of the request stand beside the names. */
function flat({ request, ...action }: Extract<Action, { kind: 'certificate' }>) {
  return { ...action, ...request };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/** Also escapes DEL, C1 and characters that reorder or hide text: the values stay equal, and the output is safe on a terminal. */
function asciiControls(json: string): string {
  const code = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return json.replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => char.split('').map(code).join(''));
}
