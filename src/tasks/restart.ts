import type { Activation, Change, Facts, Policy, RemoteFile, Snapshot } from '../model.ts';
import { usableLineage } from './lineage.ts';
import type { Task } from './task.ts';

/**
 * Decides from what changes and from what is running against what is on disk. Everything the recipe sets is taken up
 * by a reload, which refuses no connection; a daemon that does not run is started.
 */
export const restart: Task = {
  name: 'restart',
  title: 'The daemons run with what is on disk',
  activations: (snapshot, policy, changes) => [
    ...activation('postfix', snapshot, policy, changes, (path) => path.startsWith('/etc/postfix/')),
    // Dovecot's files may include others from anywhere.
    ...activation('dovecot', snapshot, policy, changes, (path) => !/^\/etc\/(postfix|letsencrypt)\//.test(path)),
  ],
};

function activation(
  unit: Activation['unit'],
  { facts, files }: Snapshot,
  policy: Policy,
  changes: readonly Change[],
  reads: (path: string) => boolean,
): Activation[] {
  const state = facts.units[unit];
  if (!state) return [];
  if (!state.active) return [{ unit, how: 'start', why: 'it does not run' }];
  if (state.stale) return [{ unit, how: 'restart', why: 'an upgrade left the old release running' }];
  if (changes.some(({ path }) => reads(path))) return [{ unit, how: 'reload', why: 'its files change' }];
  const newer = Object.values(files).find(
    (file) => (reads(file.path) || isServed(file, facts, policy)) && file.changed > state.loaded,
  );
  // A file's date is a second's, and so is the daemon's: equal counts as taken up.
  return newer && state.loaded > 0
    ? [{ unit, how: 'reload', why: `${newer.path} is newer than what it runs with` }]
    : [];
}

function isServed(file: RemoteFile, facts: Facts, policy: Policy): boolean {
  return file.path === `/etc/letsencrypt/live/${usableLineage(facts, policy)?.name ?? ''}/fullchain.pem`;
}
