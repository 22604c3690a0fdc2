/** The result of a rehearsal: what happened to the copy of a host, act by act. */
export interface Rehearsal {
  readonly good: boolean;
  /** One sentence. */
  readonly verdict: string;
  /** Codename of the copy's release. */
  readonly release: string;
  readonly upgradeTo?: string;
  readonly acts: readonly Act[];
  /** The dry run on the copy changes the same files in the same way as the dry run on the host. Null: one of them has no plan. */
  readonly sameDiff: boolean | null;
  /** How the copy differs from the host: versions, files that were replaced by stand-ins. */
  readonly differences: readonly string[];
  /** Things that the copy cannot prove. */
  readonly unrehearsed: readonly string[];
}

export const ACT_NAMES = [
  'as it is',
  'apply',
  'verify',
  'rollback',
  'upgrade',
  'apply after it',
  'verify after it',
  'with the files of the packages',
] as const;

export interface Act {
  readonly name: (typeof ACT_NAMES)[number];
  readonly seconds: number;
  /** Reasons why this act is bad; empty: it is good. */
  readonly faults: readonly string[];
  /** Other events. */
  readonly notes: readonly string[];
  readonly outages: readonly Outage[];
}

/** A port that answered before, and did not during this act. */
export interface Outage {
  readonly port: number;
  readonly seconds: number;
}
