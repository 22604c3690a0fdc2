import type { Weight } from './port-audit.ts';

/**
 * One probe's result. The status `hint` is neither good nor bad: the probe could not see something from here.
 * `via` is the way of probing: `direct` from the control machine, `ssh` through the host itself, or `local` on the host itself
 * (--local). The last two prove less: daemons trust local connections, and no firewall is in between.
 */
export interface Finding {
  readonly port: number;
  readonly check: string;
  /** The name that the probe asked for (SNI), if it is not the mail domain. */
  readonly name?: string;
  /** The kind of fault, where a check finds several on one port: `anonymous`, `cbc`. */
  readonly kind?: string;
  readonly status: (typeof STATUSES)[number];
  readonly text: string;
  readonly via: (typeof WAYS_OF_LOOKING)[number];
  /** The daemons' lines about it in the host's journal, oldest first, secrets masked; only of a failed check. */
  readonly journal?: readonly string[];
  /** Only in an audit. */
  readonly weight?: Weight;
}

/**
 * The ports that answered only the host itself, through SSH: a firewall is in between, or somebody on the way cuts the connections from
 * here. Nobody knows whether others can reach them.
 */
export function portsOnlyThroughSsh(findings: readonly Pick<Finding, 'port' | 'check' | 'status' | 'via'>[]): number[] {
  const only = findings.filter(({ check, status, via }) => check === 'answers' && status === 'hint' && via === 'ssh');
  return [...new Set(only.map(({ port }) => port))].sort((a, b) => a - b);
}

export const STATUSES = ['pass', 'fail', 'warn', 'hint'] as const;
export const WAYS_OF_LOOKING = ['direct', 'ssh', 'local'] as const;
