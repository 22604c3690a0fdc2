import type { Weight } from './audit.ts';

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
  readonly status: 'pass' | 'fail' | 'warn' | 'hint';
  readonly text: string;
  readonly via: 'direct' | 'ssh' | 'local';
  /** Where the check failed: what the daemons said of it in the host's journal, oldest first, secrets masked. */
  readonly journal?: readonly string[];
  /** Only of an audit. */
  readonly weight?: Weight;
}
