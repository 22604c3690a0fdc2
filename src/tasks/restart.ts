import { HardenMailError } from '../model/errors.ts';
import type { Activation, Change, Facts, MailDaemon, Policy, Snapshot } from '../model/index.ts';
import { keptFor } from './kept.ts';
import { servedCertificate } from './served.ts';
import { namedCertificates } from './sni.ts';
import { WATCH, WATCH_UNIT } from './watch.ts';
import type { Task } from './task.ts';

/**
 * Decides from what changes and from what is running against what is on disk. Everything the recipe sets is taken up
 * by a reload, which refuses no connection, but for Dovecot's environment; a daemon that does not run is started.
 */
export const restart: Task = {
  name: 'restart',
  title: 'The daemons run with what is on disk',
  activations: (snapshot, policy, changes) => {
    if (changes.length > 0) assertNotMasked(snapshot.facts);
    return [
      ...systemd(snapshot, changes),
      // Dovecot first: an smtpd that finds nobody to ask about logins dies. Its files may include others from anywhere.
      ...activation(
        'dovecot',
        snapshot,
        policy,
        changes,
        (path) => !/^(\/etc\/(postfix|letsencrypt|systemd)|\/var\/lib\/harden-mail)\//.test(path),
      ),
      ...activation('postfix', snapshot, policy, changes, (path) => path.startsWith('/etc/postfix/')),
    ];
  },
};

/** Its own files are read anew; the watch of certificates is started with its new folders, or stopped before its file is gone. */
function systemd({ facts, files }: Snapshot, changes: readonly Change[]): Activation[] {
  const unit = WATCH_UNIT;
  const watch = changes.find(({ path }) => path === WATCH);
  const isOff = watch === undefined && files[WATCH] !== undefined && facts.watching === false;
  return [
    ...(watch?.after === null ? [{ unit, how: 'stop', why: 'there is no certificate to watch' } as const] : []),
    ...(changes.some(({ path }) => path.startsWith('/etc/systemd/')) ? [REREAD] : []),
    ...(watch && watch.after !== null ? [{ unit, how: 'restart', why: 'the certificates to watch change' } as const] : []), // oxfmt-ignore
    ...(isOff ? [{ unit, how: 'start', why: 'it does not run, so that a new certificate would not be loaded' } as const] : []), // oxfmt-ignore
  ];
}

const REREAD: Activation = { unit: 'systemd', how: 'reload', why: 'units of its own change' };

function assertNotMasked({ masked }: Facts): void {
  if (masked.length === 0) return;
  const units = masked.join(' and ');
  throw new HardenMailError(
    'CONFIG_CONFLICT',
    `${units} is masked: it can neither be started nor reloaded, so it would not take the changes up`,
    `Nothing was written. systemctl unmask ${masked.join(' ')}, if it is to serve mail, and run again.`,
  );
}

function activation(
  unit: MailDaemon,
  { facts, files }: Snapshot,
  policy: Policy,
  changes: readonly Change[],
  reads: (path: string) => boolean,
): Activation[] {
  const state = facts.units[unit];
  if (!state) return [];
  if (!state.active) return [{ unit, how: 'start', why: 'it does not run' }];
  if (state.stale) return [{ unit, how: 'restart', why: 'an upgrade left the old release running' }];
  if (changes.some(({ path }) => reads(path)))
    return unit === 'dovecot' && changes.some(changesEnvironment)
      ? [{ unit, how: 'restart', why: 'what its processes get for an environment changes' }]
      : [{ unit, how: 'reload', why: 'its files change' }];
  const main = servedCertificate(facts, policy, true, unit);
  const served = [main, ...namedCertificates(facts, policy).map((one) => one.served)];
  const certificates = served.map(({ cert }) => cert);
  const own = [...(facts.provided ? [facts.provided] : []), ...(facts.providedSni ?? [])];
  const kept = keptFor(policy, unit);
  const brought = [
    ...own.map(({ cert: path, changed }) => ({ path, changed })),
    ...(kept ? [{ path: main.cert, changed: kept.changed }] : []),
  ];
  const newer = [...Object.values(files), ...brought].find(
    ({ path, changed }) => (reads(path) || certificates.includes(path)) && changed > state.loaded,
  );
  // A file's date is a second's, and so is the daemon's: equal counts as taken up.
  return newer && state.loaded > 0
    ? [{ unit, how: 'reload', why: `${newer.path} is newer than what it runs with` }]
    : [];
}

/** Dovecot's master reads it when it starts, and only then (seen with 2.3.13). */
function changesEnvironment({ path, before, after }: Change): boolean {
  const environment = (bytes: Change['before']): string =>
    (bytes ?? '').match(/^[ \t]*import_environment\b.*$/gm)?.join('\n') ?? '';
  return path.startsWith('/etc/dovecot/') && environment(before) !== environment(after);
}
