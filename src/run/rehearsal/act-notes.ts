/** The notes of the acts of a rehearsal, and the files that the acts change. */
import type { ActFile, HostResult } from '../../model/index.ts';
import { redact } from '../../formats/redact.ts';
import { diffOf, effortOfHost } from '../../plan/diff.ts';
import { changedFiles, type DaemonFiles } from '../../rehearse/daemon-files.ts';
import type { UserView } from '../../rehearse/sessions.ts';
import { count } from '../../report/count.ts';

export function fileDiffs(before: DaemonFiles, after: DaemonFiles): ActFile[] {
  const effort = effortOfHost();
  return changedFiles(before, after).map((path) => {
    const [old = null, now = null] = [before[path], after[path]];
    const [bytes, other] = [old?.bytes ?? null, now?.bytes ?? null];
    const { mode, owner } = now ?? { mode: null, owner: null };
    const change = {
      path,
      target: path,
      before: bytes,
      after: other,
      sha256: '',
      mode: mode ?? '',
      owner: owner ?? '',
    };
    return { path, mode, owner, diff: bytes === other ? '' : diffOf(change, effort) };
  });
}

export function endingFaults({ ending }: HostResult): string[] {
  return ending.kind === 'failed' ? [ending.message] : [];
}

/** The next step after a failure, and the place in a file: of a line that 2.4 does not have, for example. */
export function stepsAfter({ ending }: HostResult): string[] {
  return ending.kind === 'failed' ? redact([ending.hint, ending.excerpt].filter(Boolean).join('\n')).split('\n').filter(Boolean) : []; // oxfmt-ignore
}

/** The abilities of the user of the rehearsal, and the failures. */
export function uses({ tries }: UserView): string[] {
  const all = Object.entries(tries);
  const able = all.flatMap(([what, why]) => (why === null ? [what] : []));
  const unable = all.flatMap(([what, why]) => (why === null ? [] : [`${what}: ${why}`]));
  return [...(able.length > 0 ? [`works: ${able.join(', ')}`] : []), ...unable];
}

export function summary({ ending, plan, findings }: HostResult): string {
  const passed = `${findings.filter(({ status }) => status === 'pass').length} checks passed`;
  if (ending.kind === 'unchanged') return `nothing to do, ${passed}`;
  if (ending.kind !== 'changed') return passed;
  const { settings = [], changes = [] } = plan ?? {};
  return `${[count(settings.length, 'setting'), count(changes.length, 'file')].filter(Boolean).join(' in ') || 'daemons'} changed, ${passed}`;
}

/** @param before the output of ACTIVE; `after` as well */
export function upgradeEnd(release: string, code: number, before: string, after: string): string[] {
  return [`apt-get full-upgrade to ${release} ended with ${code}`, ...deadDaemons(before, after)];
}

export function deadDaemons(before: string, after: string): string[] {
  const [ran, runs] = [before, after].map((text) => text.split('\n').map((line) => line === 'active'));
  const dead = ['Postfix', 'Dovecot'].filter((_, index) => ran?.[index] === true && runs?.[index] !== true);
  return dead.map((daemon) => `${daemon} does not run`);
}
