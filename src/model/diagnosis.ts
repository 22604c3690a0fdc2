/** How a host came to be other than the plan wants it. */
export interface Drift {
  /**
   * Files that would change, and the last transaction that wrote each; null where the journal has none. `edited`: what
   * stands there now is not what that transaction wrote.
   */
  readonly files: readonly {
    readonly path: string;
    readonly transaction: string | null;
    readonly edited: boolean;
  }[];
  /** What dpkg and ucf left beside edited files, waiting for a merge. */
  readonly leftovers: readonly string[];
}

/** One look on the way to a host, or at what apply needs there. */
export interface Diagnosis {
  readonly check: string;
  /** `warn`: a danger that keeps no apply from its work. */
  readonly status: (typeof DIAGNOSIS_STATUSES)[number];
  readonly text: string;
  /** How to mend it; empty when it is well. */
  readonly hint: string;
  /** The exit code that apply would end with; 0 unless it fails. */
  readonly exit: number;
  readonly seconds: number;
}

export const DIAGNOSIS_STATUSES = ['ok', 'warn', 'fail'] as const;
