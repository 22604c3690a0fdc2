import type { HostResult } from '../model.ts';

/**
 * What `--json` prints: one document for the whole run, described in docs/json.md. Facts are told in short; files come
 * as diffs with secrets masked, never whole.
 */
export function jsonDocument(
  command: string,
  exit: number,
  results: readonly HostResult[],
  diffs: ReadonlyMap<string, readonly string[]>,
): string {
  const hosts = results.map(({ host, ending, exit: code, facts, plan, findings, audit, seconds }) => ({
    host,
    outcome: ending.kind,
    exit: code,
    ...(ending.kind === 'failed' && {
      error: { code: ending.code, message: ending.message, hint: ending.hint, excerpt: ending.excerpt },
    }),
    ...('receipt' in ending && ending.receipt && { transaction: ending.receipt.id, state: ending.receipt.state }),
    ...(ending.kind === 'dns' && { records: ending.records }),
    ...(ending.kind === 'history' && {
      history: ending.transactions.map(({ changes, ...told }) => ({ ...told, files: changes.map(({ path }) => path) })),
    }),
    ...(ending.kind === 'examined' && { diagnoses: ending.diagnoses }),
    ...(ending.kind === 'checked' && { drift: ending.drift }),
    ...(ending.kind === 'foreseen' && { release: ending.release }),
    seconds: Math.round(seconds * 1000) / 1000,
    facts: facts && { os: facts.os.pretty, postfix: facts.postfix, dovecot: facts.dovecot, hostname: facts.hostname },
    plan: plan && {
      tasks: plan.tasks,
      actions: plan.actions,
      settings: plan.settings,
      files: plan.changes.map(({ path, mode, owner }, index) => ({
        path,
        mode,
        owner,
        diff: diffs.get(host)?.[index] ?? '',
      })),
      activations: plan.activations,
      notes: plan.notes,
    },
    findings,
    ...(audit && { audit }),
  }));
  return `${asciiControls(JSON.stringify({ version: 1, command, exit, hosts }, null, 2))}\n`;
}

/** JSON's own escapes also for DEL, C1 and what turns or hides text: the values are the same, and a terminal is safe. */
function asciiControls(json: string): string {
  const code = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return json.replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => char.split('').map(code).join(''));
}
