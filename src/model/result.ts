import type { PortAudit } from './audit.ts';
import type { Diagnosis, Drift } from './check.ts';
import type { ExposureMap } from './exposure.ts';
import type { Finding } from './finding.ts';
import type { Plan } from './plan.ts';
import type { Facts } from './snapshot.ts';
import type { Receipt, Transaction } from './transaction.ts';

/** How one host's run ended. */
export type Ending =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'pending' }
  /** Without a receipt: packages or a certificate were all that was missing. */
  | { readonly kind: 'changed'; readonly receipt?: Receipt }
  | { readonly kind: 'declined' }
  | { readonly kind: 'verified' }
  /** `doctor` */
  | { readonly kind: 'examined'; readonly diagnoses: readonly Diagnosis[] }
  /** `check`: there is drift where the plan is not empty. */
  | { readonly kind: 'checked'; readonly drift: Drift }
  /** `check --upgrade-to`: the plan is that of a host with the next release. */
  | { readonly kind: 'foreseen'; readonly release: string }
  /** `dns`: lines of a zone file. */
  | { readonly kind: 'dns'; readonly records: readonly string[] }
  /** `map`: who can do what through which way in. */
  | { readonly kind: 'mapped'; readonly map: ExposureMap }
  | { readonly kind: 'history'; readonly transactions: readonly Transaction[] }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
      readonly exit: number;
      /** The place in a file, with a caret. */
      readonly excerpt?: string;
      /** The transaction, where there was one. */
      readonly receipt?: Receipt;
    };

export interface HostResult {
  readonly host: string;
  readonly ending: Ending;
  readonly exit: number;
  readonly facts: Facts | null;
  readonly plan: Plan | null;
  readonly findings: readonly Finding[];
  /** Only of an audit: by port. */
  readonly audit?: readonly PortAudit[];
  readonly seconds: number;
}
