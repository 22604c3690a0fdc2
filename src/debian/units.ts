import type { Facts, Unit } from '../model/index.ts';

/** When the daemons last took up their files: by what they made anew then, else by systemd's account. */
export function units(shown: string, witnessed: Readonly<Record<string, number>>): Record<string, Unit> {
  const byId = new Map(
    shown.split('\n\n').map((block) => {
      const get = property(block);
      const id = get('Id');
      const started = epoch(get('InactiveExitTimestamp'));
      // That of a reload is no proof: Dovecot's succeeds where its files are refused. And a daemon-reload forgets it.
      const reload = epoch(/start_time=\[([^\]]*)\].* status=0\b/.exec(get('ExecReload'))?.[1] ?? '');
      const witness = witnessed[/^\w+/.exec(id)?.[0] ?? ''] ?? 0;
      const unit = {
        active: /^(active|reloading)$/.test(get('ActiveState')),
        // One from before the start is none of this daemon's.
        loaded: witness >= started && started > 0 ? witness : Math.max(started, reload),
      };
      // Debian up to 12 wraps the real unit, postfix@-, in one that only runs /bin/true.
      const wrapper = /path=(\/usr)?\/bin\/true /.test(get('ExecReload'));
      return [id, { unit, wrapper, loaded: get('LoadState') === 'loaded' }] as const;
    }),
  );
  const plain = byId.get('postfix.service');
  const instance = byId.get('postfix@-.service');
  const postfix = plain?.wrapper ? instance : plain;
  // From Debian 13 on postfix.service is the daemon itself, and an instance of that name only what Debian 12 started.
  const stale = plain && !plain.wrapper && instance?.unit.active;
  const dovecot = byId.get('dovecot.service');
  return {
    ...(postfix?.loaded ? { postfix: stale ? { ...postfix.unit, stale } : postfix.unit } : {}),
    ...(dovecot?.loaded ? { dovecot: dovecot.unit } : {}),
  };
}

/**
 * Postfix's master starts qmgr anew at each reload. One that died in between is younger than the reload; then a pickup or
 * tlsmgr that has lived since tells. Whole seconds, rounded down: better a reload too many. 0 for what is not known.
 */
export function takenUp(lines: string[], now: number): Record<string, number> {
  const told = lines.map((line) => line.split(' '));
  const of = (pattern: RegExp): number[] =>
    told.filter(([name = '']) => pattern.test(name)).map(([, number]) => Number(number));
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
  const blocks = shown.split('\n\n').map(property);
  return blocks
    .filter((get) => get('LoadState') === 'masked')
    .map((get) => get('Id'))
    .filter((id) => id.endsWith('.service'));
}

/** certbot's own timer, which renews. A masked one counts as one that is off. */
export function timer(shown: string): Facts['timer'] {
  const block = shown.split('\n\n').find((one) => /^Id=certbot\.timer$/m.test(one)) ?? '';
  const get = property(block);
  if (!/^(loaded|masked)$/.test(get('LoadState'))) return null;
  return { active: get('ActiveState') === 'active', enabled: /^(enabled|static)/.test(get('UnitFileState')) };
}

/** Does the unit run that watches the certificates which certbot does not renew? Null where there is none. */
export function watching(shown: string): boolean | null {
  const block = shown.split('\n\n').find((one) => /^Id=harden-mail-certificate\.path$/m.test(one)) ?? '';
  const get = property(block);
  return get('LoadState') === 'loaded' ? get('ActiveState') === 'active' : null;
}

function property(block: string): (name: string) => string {
  return (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(block)?.[1] ?? '';
}
