/** The TLS level that the parameters of Postfix before 2.3 mean (postconf(5), smtp_enforce_tls, smtp_use_tls). */
import type { MasterService } from '../formats/postfix/master-cf.ts';
import type { TlsSide } from './rule.ts';
import { levelNameOf } from './rules-tls.ts';

/** Reads a parameter of a service (null: of main.cf), with `$name` expanded; empty if nothing sets it. */
export type ReadParameter = (service: MasterService | null, name: string) => string;

/** Where a level is not set, the level of this side counts. */
const INHERITS: Partial<Record<TlsSide, TlsSide>> = { postscreen: 'smtpd', tlsproxy: 'smtpd', tlsproxy_client: 'smtp' };

/** Is the level set, so that the old parameters do not count? */
export function hasLevel(side: TlsSide, service: MasterService | null, read: ReadParameter): boolean {
  const from = INHERITS[side];
  return read(service, levelNameOf(side)) !== '' || (from !== undefined && hasLevel(from, service, read));
}

/** The level that the old parameters mean: `none` where they ask for no TLS. */
export function oldLevel(side: TlsSide, service: MasterService | null, read: ReadParameter): string {
  const isYes = (what: string): boolean => old(side, what).toLowerCase() === 'yes';
  if (isYes('enforce_tls')) {
    const checksNames = side === 'smtp' || side === 'lmtp' || side === 'tlsproxy_client';
    return checksNames && old(side, 'tls_enforce_peername').toLowerCase() !== 'no' ? 'verify' : 'encrypt';
  }
  return isYes('use_tls') ? 'may' : 'none';

  function old(of: TlsSide, what: string): string {
    const own = read(service, `${of}_${what}`);
    const from = INHERITS[of];
    return own === '' && from !== undefined ? old(from, what) : own;
  }
}
