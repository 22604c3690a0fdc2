import type { Change } from './plan.ts';

/** What the host says of a transaction. `id` names it in the journal. */
export interface Receipt {
  readonly id: string;
  readonly state: 'committed' | 'rolled-back' | 'refused' | 'broken';
  /** Where it stopped and why, in the host's words; empty when committed. */
  readonly step: string;
  readonly reason: string;
  /** What could not be proved, and errors of the daemons that were no reason to put back. Absent: none. */
  readonly notes?: readonly string[];
}

/** A transaction as the host's journal has it, newest first in a list. */
export interface Transaction {
  readonly id: string;
  /** Who ran it, as the control machine said. */
  readonly who: string;
  /** The journal's last word: `committed`, `rolled-back`, …; any other is one that did not come to its end. */
  readonly state: string;
  /** Where and why it did not stay; empty when it did. */
  readonly reason: string;
  readonly changes: readonly Change[];
  /** Packages that the run installed before it. Absent: none. */
  readonly installed?: readonly string[];
  /** Packages that apt removed for these. Absent: none. */
  readonly removed?: readonly string[];
}
