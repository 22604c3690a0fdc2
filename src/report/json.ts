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
  const hosts = results.map(({ host, ending, exit: code, facts, plan, findings, seconds }) => ({
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
  }));
  return `${JSON.stringify({ version: 1, command, exit, hosts }, null, 2)}\n`;
}
