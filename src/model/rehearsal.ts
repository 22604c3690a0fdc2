/** The result of a rehearsal: what happened to the copy of a host, act by act. */
export interface Rehearsal {
  readonly good: boolean;
  /** One sentence. */
  readonly verdict: string;
  /** Codename of the copy's release. */
  readonly release: string;
  readonly upgradeTo?: string;
  /** Of an Ubuntu host, whose copy is a Debian. */
  readonly nearest?: Nearest;
  readonly acts: readonly Act[];
  /** The dry run on the copy changes the same files in the same way as the dry run on the host. Null: one of them has no plan. */
  readonly sameDiff: boolean | null;
  /** How the copy differs from the host: versions, files that were replaced by stand-ins. */
  readonly differences: readonly string[];
  /** Things that the copy cannot prove. */
  readonly unrehearsed: readonly string[];
  /** The machine on which it was played, as --on names it; absent: the control machine. */
  readonly on?: string;
  /** The copy was not removed: how to look at it. */
  readonly kept?: KeptCopy;
}

/** Releases by name: `Ubuntu 24.04`, `Debian 12`. */
export interface Nearest {
  readonly host: string;
  readonly copy: string;
  /** With an upgrade: the release to which the copy is upgraded. */
  readonly goal?: string;
}

export interface KeptCopy {
  /** The command line that logs in there. */
  readonly login: string;
  /** The command line that removes it. */
  readonly remove: string;
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
  /** The files of Postfix, Dovecot and harden-mail that changed during this act. */
  readonly files: readonly ActFile[];
}

/** A file after an act; the copy has no secret of the host, so the diff has none. */
export interface ActFile {
  readonly path: string;
  /** In octal; null: the file is gone. */
  readonly mode: string | null;
  /** `user:group` */
  readonly owner: string | null;
  /** Unified; empty where only mode or owner changed. */
  readonly diff: string;
}

/** A port that answered before, and did not during this act. */
export interface Outage {
  readonly port: number;
  readonly seconds: number;
}
