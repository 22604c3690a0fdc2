/** The host that is rehearsed: which hosts can be copied, and what a copy is made from. */
import { HardenMailError } from '../../model/errors.ts';
import type { Facts, Host, Plan } from '../../model/index.ts';
import { ungiven } from '../../rehearse/addresses.ts';
import type { CleanCapture } from '../../rehearse/clean-capture.ts';
import { changeDigests, type ChangeDigests } from '../../rehearse/verdict.ts';

/** The real host, as far as its copy needs it: plain values without a secret. */
export interface Original {
  readonly host: Host;
  readonly facts: OriginalFacts;
  /** Of a dry run; null if it found no plan. */
  readonly plan: OriginalPlan | null;
  readonly capture: CleanCapture;
}

export interface OriginalFacts extends Pick<Facts, 'os' | 'hostname' | 'listeners' | 'postfix' | 'dovecot'> {
  /** Where the control machine reaches the host. */
  readonly address: string;
}

export interface OriginalPlan {
  readonly changes: ChangeDigests;
  /** The names for which it requests certificates. */
  readonly names: readonly string[];
}

/** @throws STOPPED for a host whose daemons listen at an address that a copy cannot have */
export function assertCopyable({ listeners }: Pick<Facts, 'listeners'>): void {
  const found = ungiven(listeners);
  if (!found) return;
  const { listener, ports, why } = found;
  throw new HardenMailError(
    'STOPPED',
    `${listener.process === 'master' ? 'Postfix' : 'Dovecot'} listens on ${listener.address} (port ${ports.join(', ')}), ${why}, so there is no copy of this host`,
    'Nothing was written. `harden-mail apply --dry-run` shows the plan.',
  );
}

export function originalOf(
  { host, address }: { readonly host: Host; readonly address: string },
  facts: Facts,
  plan: Plan | null,
  capture: CleanCapture,
): Original {
  const { os, hostname, listeners, postfix, dovecot } = facts;
  return {
    ...{ host, capture },
    facts: { os, hostname, listeners, postfix, dovecot, address },
    plan: plan && {
      changes: changeDigests(plan, capture.clues),
      names: plan.actions.flatMap((action) => (action.kind === 'certificate' ? action.domains : [])),
    },
  };
}
