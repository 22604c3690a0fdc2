import { createHash } from 'node:crypto';
import { HardenMailError } from '../errors.ts';
import type { Activation, Bytes, Change, Plan, Transaction } from '../model.ts';

/**
 * The plan that takes a host back to before a transaction: it and every later one are undone, newest first.
 * @param now the bytes of every file as they are at this moment, by path; a file that is not there has no entry
 * @throws CONFIG_CONFLICT where a file has changed since: what somebody else wrote is not undone
 */
export function undoPlan(
  history: readonly Transaction[],
  to: string | undefined,
  now: ReadonlyMap<string, Bytes>,
): Plan {
  const stayed = history.filter(({ state }) => state === 'committed');
  const first = to === undefined ? stayed[0] : stayed.find(({ id }) => id === to);
  if (!first) {
    throw new HardenMailError(
      'USAGE',
      to === undefined ? 'there is no transaction to undo' : `there is no transaction ${to} that stayed`,
      '`harden-mail history` lists them.',
    );
  }
  const undone = stayed.slice(0, stayed.indexOf(first) + 1);
  const files = new Map<string, Change>();
  for (const { id, changes } of undone) {
    for (const change of changes) {
      const later = files.get(change.path);
      const current = later ? later.after : (now.get(change.path) ?? null);
      if (current !== change.after) {
        throw new HardenMailError(
          'CONFIG_CONFLICT',
          `${change.path} has changed since transaction ${id}, so it cannot be undone without losing that`,
          `Nothing was written. Take what you want from /var/lib/harden-mail/tx/${id}/before by hand.`,
        );
      }
      files.set(change.path, { ...change, before: later ? later.before : current, after: change.before });
    }
  }
  const changes = [...files.values()]
    .filter(({ before, after }) => before !== after)
    .map((change) => ({ ...change, sha256: digest(change.before) }));
  return { tasks: [], actions: [], settings: [], changes, activations: activationsFor(changes), notes: [] };
}

function digest(bytes: Bytes | null): string {
  return bytes === null ? '' : createHash('sha256').update(bytes, 'latin1').digest('hex');
}

function activationsFor(changes: readonly Change[]): Activation[] {
  const units = ['postfix', 'dovecot'] as const;
  return units
    .filter((unit) => changes.some(({ path }) => path.startsWith(`/etc/${unit}/`)))
    .map((unit) => ({ unit, how: 'reload', why: 'its files change' }));
}
