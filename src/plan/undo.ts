import { createHash } from 'node:crypto';
import { HardenMailError } from '../model/errors.ts';
import { modelOf } from '../exposure/compare.ts';
import { judgePlan } from '../exposure/guard.ts';
import {
  PATHS,
  type Activation,
  type Bytes,
  type Change,
  type Effect,
  type Note,
  type Plan,
  type Snapshot,
  type Transaction,
} from '../model/index.ts';
import { WATCH_UNIT } from '../tasks/watch.ts';
import { openWorkspace } from './workspace.ts';

/**
 * The plan that takes a host back to before a transaction: that transaction and every later one are undone, newest first.
 * @throws USAGE if there is no such transaction; CONFIG_CONFLICT if a file has changed since, because a rollback does not undo
 * other edits; CONFIG_CONFLICT if Dovecot does not start with the earlier files
 */
export function undoPlan(history: readonly Transaction[], to: string | undefined, snapshot: Snapshot): Plan {
  const now = new Map(Object.values(snapshot.files).map(({ target, bytes }) => [target, bytes]));
  const stayed = history.filter(({ state, changes }) => state === 'committed' && changes.some(({ before, after }) => before !== after)); // oxfmt-ignore
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
  for (const [index, { id, changes }] of undone.entries()) {
    for (const change of changes) {
      const later = files.get(change.path);
      const current = later ? later.after : (now.get(change.path) ?? null);
      if (current !== change.after) {
        throw new HardenMailError(
          'CONFIG_CONFLICT',
          `${change.path} has changed since transaction ${id}, so it cannot be undone without losing that`,
          `Nothing was written. Take what you want from ${PATHS.JOURNAL}/${id}/before by hand.`,
        );
      }
      files.set(change.path, { ...change, before: later ? later.before : current, after: change.before });
    }
    if (isOld(withChanges(snapshot, files.values())) && !isOld(snapshot)) {
      throw beforeConversion(id, undone[index - 1]?.id, snapshot.facts.dovecot ?? '');
    }
  }
  const changes = [...files.values()]
    .filter(({ before, after }) => before !== after)
    .map((change) => ({ ...change, sha256: digest(change.before) }));
  const effects = effectsOf(snapshot, withChanges(snapshot, changes));
  return { tasks: [], actions: [], settings: [], changes, activations: activationsFor(changes), notes: [...stays(undone), ...certificatesThatStay(changes)], effects }; // oxfmt-ignore
}

/** Notes on packages that these transactions installed or removed: a rollback leaves them as they are. */
function stays(undone: readonly Transaction[]): Note[] {
  const installed = [...new Set(undone.flatMap((one) => one.installed ?? []))];
  const removed = [...new Set(undone.flatMap((one) => one.removed ?? []))];
  return [
    ...(installed.length > 0 ? [`packages that were installed stay: ${installed.join(', ')}`] : []),
    ...(removed.length > 0 ? [`packages that apt removed for them do not come back: ${removed.join(', ')}`] : []),
  ].map((text) => ({ task: 'install', level: 'warning', text }));
}

/** A note on certificates that no daemon uses after the rollback: certbot keeps and renews them. */
function certificatesThatStay(changes: readonly Change[]): Note[] {
  const named = (text: Bytes | null): string[] =>
    [...(text ?? '').matchAll(/\/etc\/letsencrypt\/live\/([^/\s]+)\//g)].map(([, name = '']) => name);
  const before = new Set(changes.flatMap((one) => named(one.before)));
  const after = new Set(changes.flatMap((one) => named(one.after)));
  const unused = [...before].filter((name) => !after.has(name));
  if (unused.length === 0) return [];
  const text = `certificates of certbot stay, and are renewed: ${unused.join(', ')} (certbot delete --cert-name NAME removes one)`;
  return [{ task: 'certbot', level: 'info', text }];
}

/** A rollback exists to take back what an apply made stricter, so what it opens is reported, not refused. */
function effectsOf(now: Snapshot, then: Snapshot): Effect[] {
  try {
    const [before, after] = [now, then].map((one) => modelOf(openWorkspace(one).workspace, one.facts));
    if (!before || !after) return [];
    const { objections, effects } = judgePlan(before, after);
    const loosened = objections.filter(({ endsLogins }) => endsLogins !== true);
    const opens = loosened.map(({ text }): Effect => ({ kind: 'opens', id: 'rollback', text }));
    return [...opens, ...effects];
  } catch (error) {
    if (error instanceof HardenMailError) return [];
    throw error;
  }
}

/**
 * Are Dovecot's files in 2.3's syntax on a host that has 2.4? False if they cannot be parsed: the host's own parsers report
 * that.
 */
function isOld(snapshot: Snapshot): boolean {
  try {
    return openWorkspace(snapshot).converted.length > 0;
  } catch (error) {
    if (error instanceof HardenMailError) return false;
    throw error;
  }
}

/** The snapshot of the host after these changes. */
export function withChanges(snapshot: Snapshot, changes: Iterable<Change>): Snapshot {
  const files = { ...snapshot.files };
  for (const { target, after, sha256, mode, owner } of changes) {
    // One file may have been read by several paths, through links.
    const paths = Object.values(snapshot.files).flatMap((file) => (file.target === target ? [file.path] : []));
    for (const path of new Set([...paths, target])) {
      if (after === null) delete files[path];
      else files[path] = { path, target, bytes: after, sha256, mode, owner, changed: 0 };
    }
  }
  return { ...snapshot, files };
}

function beforeConversion(id: string, later: string | undefined, dovecot: string): HardenMailError {
  return new HardenMailError(
    'CONFIG_CONFLICT',
    `transaction ${id} converted Dovecot's files from 2.3 to 2.4, and Dovecot ${dovecot} does not start with those of before`,
    later === undefined
      ? 'Nothing was written. Edit the files by hand; `harden-mail check` shows what the recipe wants.'
      : `Nothing was written. \`harden-mail rollback --to ${later}\` goes back as far as that.`,
  );
}

function digest(bytes: Bytes | null): string {
  return bytes === null ? '' : createHash('sha256').update(bytes, 'latin1').digest('hex');
}

function activationsFor(changes: readonly Change[]): Activation[] {
  const touched = (unit: string): boolean => changes.some(({ path }) => path.startsWith(`/etc/${unit}/`));
  const reload = (unit: 'systemd' | 'postfix' | 'dovecot'): Activation[] =>
    touched(unit) ? [{ unit, how: 'reload', why: 'its files change' }] : [];
  const watch = changes.find(({ path }) => path === PATHS.WATCH);
  const why = 'its file changes';
  return [
    // Stop the unit while its file is there: then systemd stops it cleanly.
    ...(watch?.after === null ? [{ unit: WATCH_UNIT, how: 'stop', why } as const] : []),
    ...reload('systemd'),
    ...(watch && watch.after !== null ? [{ unit: WATCH_UNIT, how: 'restart', why } as const] : []),
    ...reload('postfix'),
    ...reload('dovecot'),
  ];
}
