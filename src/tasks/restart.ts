import { HardenMailError } from '../model/errors.ts';
import {
  PATHS,
  type Activation,
  type Change,
  type Facts,
  type MailDaemon,
  type Policy,
  type Snapshot,
} from '../model/index.ts';
import { keptFor } from './kept.ts';
import { servedCertificate } from './served.ts';
import { namedCertificates } from './sni.ts';
import { WATCH_UNIT } from './watch.ts';
import type { Task } from './task.ts';

/**
 * Decides from the changes, and from the running daemons against their files. A reload, which refuses no connection, is enough for
 * every setting of the recipe except Dovecot's environment. A daemon that does not run is started.
 */
export const restart: Task = {
  name: 'restart',
  title: 'The daemons run with the configuration on disk',
  activations: (snapshot, policy, changes) => {
    if (changes.length > 0) assertNotMasked(snapshot.facts);
    return [
      ...systemd(snapshot, changes),
      // Dovecot first: smtpd exits when it cannot reach the login service. Dovecot's files may include others from anywhere.
      ...activation(
        'dovecot',
        snapshot,
        policy,
        changes,
        (path) => !/^(\/etc\/(postfix|letsencrypt|systemd)|\/var\/lib\/harden-mail)\//.test(path),
      ),
      ...activation('postfix', snapshot, policy, changes, (path) => path.startsWith(`${PATHS.POSTFIX}/`)),
    ];
  },
};

/** systemd reads its own files again. The certificate watch starts with its new folders, or stops before its file is removed. */
function systemd({ facts, files }: Snapshot, changes: readonly Change[]): Activation[] {
  const unit = WATCH_UNIT;
  const watch = changes.find(({ path }) => path === PATHS.WATCH);
  const isOff = watch === undefined && files[PATHS.WATCH] !== undefined && facts.watching === false;
  return [
    ...(watch?.after === null ? [{ unit, how: 'stop', why: 'there is no certificate to watch' } as const] : []),
    ...(changes.some(({ path }) => path.startsWith(`${PATHS.UNITS}/`)) ? [REREAD] : []),
    ...(watch && watch.after !== null ? [{ unit, how: 'restart', why: 'the certificates to watch change' } as const] : []), // oxfmt-ignore
    ...(isOff ? [{ unit, how: 'start', why: 'it does not run, so a new certificate would not be loaded' } as const] : []), // oxfmt-ignore
  ];
}

const REREAD: Activation = { unit: 'systemd', how: 'reload', why: 'unit files change' };

function assertNotMasked({ masked }: Facts): void {
  if (masked.length === 0) return;
  const units = masked.join(' and ');
  throw new HardenMailError(
    'CONFIG_CONFLICT',
    `${units} is masked: it can neither be started nor reloaded, so it would not load the changes`,
    `Nothing was written. If it is to serve mail, run systemctl unmask ${masked.join(' ')}, then run again.`,
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
  if (state.stale) return [{ unit, how: 'restart', why: 'the old version still runs after an upgrade' }];
  if (changes.some(({ path }) => reads(path)))
    return unit === 'dovecot' && changes.some(changesEnvironment)
      ? [{ unit, how: 'restart', why: 'the environment of its processes changes' }]
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
  // Both times have a resolution of one second: equal counts as loaded.
  return newer && state.loaded > 0
    ? [{ unit, how: 'reload', why: `${newer.path} is newer than the configuration it runs with` }]
    : [];
}

/** Dovecot's master process reads it only at start (seen with 2.3.13). */
function changesEnvironment({ path, before, after }: Change): boolean {
  const environment = (bytes: Change['before']): string =>
    (bytes ?? '').match(/^[ \t]*import_environment\b.*$/gm)?.join('\n') ?? '';
  return path.startsWith(`${PATHS.DOVECOT}/`) && environment(before) !== environment(after);
}
