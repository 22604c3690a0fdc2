import type { Weight } from './port-audit.ts';

/**
 * One probe's result. `hint` is neither good nor bad: something could not be seen from here.
 * `via` says which way it was seen: `direct` from the control machine, `ssh` through the host itself, or `local` by the
 * host itself (--local); the last two prove less: daemons trust local connections, and no firewall is in between.
 */
export interface Finding {
  readonly port: number;
  readonly check: string;
  /** The name that was asked for, where it is not the mail domain's (SNI). */
  readonly name?: string;
  readonly status: (typeof STATUSES)[number];
  readonly text: string;
  readonly via: (typeof WAYS_OF_LOOKING)[number];
  /** Only where the check failed: the daemons' lines about it in the host's journal, oldest first, secrets masked. */
  readonly journal?: readonly string[];
  /** Only of an audit. */
  readonly weight?: Weight;
}

export const STATUSES = ['pass', 'fail', 'warn', 'hint'] as const;
export const WAYS_OF_LOOKING = ['direct', 'ssh', 'local'] as const;
