import type { Change } from './plan.ts';

/** The host's report on a transaction. `id` names it in the journal. */
export interface Receipt {
  readonly id: string;
  readonly state: (typeof RECEIPT_STATES)[number];
  /** The step where it stopped and the reason, in the host's words; empty when committed. */
  readonly step: string;
  readonly reason: string;
  /** Proofs with users that were not possible, and errors of the daemons that were no reason to undo the change. Absent: none. */
  readonly notes?: readonly string[];
}

/** A list of users' mailboxes that the host keeps for the time after an upgrade. */
export interface Recorded {
  readonly users: number;
  readonly mailboxes: number;
  /** The users who are missing in it, and the reasons. */
  readonly notes: readonly string[];
}

/** A transaction as the host's journal records it. Lists have the newest first. */
export interface Transaction {
  readonly id: string;
  /** The user who ran it, as the control machine reported. */
  readonly who: string;
  /** The journal's last entry: `committed`, `rolled-back`, …; any other means that the transaction is unfinished. */
  readonly state: string;
  /** The step and the reason if it did not stay in effect; empty if it did. */
  readonly reason: string;
  readonly changes: readonly Change[];
  /** Packages that the run installed before the transaction. Absent: none. */
  readonly installed?: readonly string[];
  /** Packages that apt removed for those. Absent: none. */
  readonly removed?: readonly string[];
}

export const RECEIPT_STATES = ['committed', 'rolled-back', 'refused', 'broken'] as const;
