import type { Facts, Unit } from '../model.ts';

/** When the daemons last took up their files: the later of start and reload, by systemd's account. */
export function units(shown: string): Record<string, Unit> {
  const byId = new Map(
    shown.split('\n\n').map((block) => {
      const get = property(block);
      // One that failed left the daemon with what it had.
      const reload = /start_time=\[([^\]]*)\].* status=0\b/.exec(get('ExecReload'))?.[1] ?? '';
      const unit = {
        active: /^(active|reloading)$/.test(get('ActiveState')),
        loaded: Math.max(epoch(get('ActiveEnterTimestamp')), epoch(reload)),
      };
      // Debian up to 12 wraps the real unit, postfix@-, in one that only runs /bin/true.
      const wrapper = /path=(\/usr)?\/bin\/true /.test(get('ExecReload'));
      return [get('Id'), { unit, wrapper, loaded: get('LoadState') === 'loaded' }] as const;
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

/** `Tue 2026-11-24 02:44:32 UTC` → seconds since the epoch; 0 for anything else (`n/a`, empty). */
function epoch(stamp: string): number {
  const [, day, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(stamp) ?? [];
  return day === undefined ? 0 : Date.parse(`${day}T${time}Z`) / 1000;
}

/** certbot's own timer, which renews. A masked one counts as one that is off. */
export function timer(shown: string): Facts['timer'] {
  const block = shown.split('\n\n').find((one) => /^Id=certbot\.timer$/m.test(one)) ?? '';
  const get = property(block);
  if (!/^(loaded|masked)$/.test(get('LoadState'))) return null;
  return { active: get('ActiveState') === 'active', enabled: /^(enabled|static)/.test(get('UnitFileState')) };
}

function property(block: string): (name: string) => string {
  return (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(block)?.[1] ?? '';
}
