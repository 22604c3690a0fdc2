import type { Facts, Unit } from '../model/index.ts';

/** When the daemons last loaded their files: by the processes or files that each load creates, else by systemd's record. */
export function units(shown: string, witnessed: Readonly<Record<string, number>>): Record<string, Unit> {
  const byId = new Map(
    blocksOf(shown).map((block) => {
      const get = property(block);
      const id = get('Id');
      const started = epoch(get('InactiveExitTimestamp'));
      // A reload's time is no proof: Dovecot's reload succeeds even with files it refuses. And a daemon-reload forgets the time.
      const reload = epoch(/start_time=\[([^\]]*)\].* status=0\b/.exec(get('ExecReload'))?.[1] ?? '');
      const witness = witnessed[/^\w+/.exec(id)?.[0] ?? ''] ?? 0;
      const unit = {
        active: /^(active|reloading)$/.test(get('ActiveState')),
        // A witness from before the start does not belong to this daemon process.
        loaded: witness >= started && started > 0 ? witness : Math.max(started, reload),
      };
      // Up to Debian 12 the real unit, postfix@-, is wrapped in one that only runs /bin/true.
      const wrapper = /path=(\/usr)?\/bin\/true /.test(get('ExecReload'));
      return [id, { unit, wrapper, loaded: get('LoadState') === 'loaded' }] as const;
    }),
  );
  const plain = byId.get('postfix.service');
  const instance = byId.get('postfix@-.service');
  const postfix = plain?.wrapper ? instance : plain;
  // From Debian 13 on postfix.service is the daemon itself; an active postfix@- instance was started by Debian 12.
  const stale = plain && !plain.wrapper && instance?.unit.active;
  const dovecot = byId.get('dovecot.service');
  return {
    ...(postfix?.loaded ? { postfix: stale ? { ...postfix.unit, stale } : postfix.unit } : {}),
    ...(dovecot?.loaded ? { dovecot: dovecot.unit } : {}),
  };
}

/**
 * When Postfix and Dovecot last loaded their configuration. Postfix's master restarts qmgr at each reload. A qmgr that died and
 * was restarted later is younger than the reload; then an older pickup or tlsmgr shows the time. In whole seconds, rounded
 * down: an unneeded reload is better than a missing one. 0 if unknown.
 */
export function takenUp(lines: string[], now: number): Record<string, number> {
  const processes = lines.map((line) => line.split(' '));
  const of = (pattern: RegExp): number[] =>
    processes.filter(([name = '']) => pattern.test(name)).map(([, number]) => Number(number));
  const [dovecot = 0] = of(/^dovecot$/);
  const [present = 0] = of(/^self$/);
  if (of(/^\(qmgr\)$/).length === 0) return { dovecot, postfix: 0 };
  return { dovecot, postfix: Math.floor(now - (present - Math.min(...of(/^\(/))) / 100) };
}

/** `Tue 2026-11-24 02:44:32 UTC` → seconds since the epoch; 0 for anything else (`n/a`, empty). */
function epoch(stamp: string): number {
  const [, day, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(stamp) ?? [];
  return day === undefined ? 0 : Date.parse(`${day}T${time}Z`) / 1000;
}

/** Which of the daemons' units are masked. */
export function masked(shown: string): string[] {
  const blocks = blocksOf(shown).map(property);
  return blocks
    .filter((get) => get('LoadState') === 'masked')
    .map((get) => get('Id'))
    .filter((id) => id.endsWith('.service'));
}

/** certbot's own timer, which renews certificates. A masked timer counts as disabled. */
export function timer(shown: string): Facts['timer'] {
  const block = blocksOf(shown).find((one) => /^Id=certbot\.timer$/m.test(one)) ?? '';
  const get = property(block);
  if (!/^(loaded|masked)$/.test(get('LoadState'))) return null;
  return { active: get('ActiveState') === 'active', enabled: /^(enabled|static)/.test(get('UnitFileState')) };
}

/** Is the unit active that watches the certificates which certbot does not renew? Null without such a unit. */
export function watching(shown: string): boolean | null {
  const block = blocksOf(shown).find((one) => /^Id=harden-mail-certificate\.path$/m.test(one)) ?? '';
  const get = property(block);
  return get('LoadState') === 'loaded' ? get('ActiveState') === 'active' : null;
}

/** gather.sh asks for ten units. */
const MOST_UNITS = 1000;

const blocksOf = (shown: string): string[] => shown.split('\n\n', MOST_UNITS);

function property(block: string): (name: string) => string {
  return (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(block)?.[1] ?? '';
}
