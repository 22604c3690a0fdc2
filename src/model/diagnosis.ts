/** Why a host differs from the plan. */
export interface Drift {
  /**
   * The files that would change, each with the last transaction that wrote it; null if the journal has none. `edited`: the
   * file no longer has the content that this transaction wrote.
   */
  readonly files: readonly {
    readonly path: string;
    readonly transaction: string | null;
    readonly edited: boolean;
  }[];
  /** Files that dpkg and ucf left beside edited files; they wait for a merge. */
  readonly leftovers: readonly string[];
}

/** The result of one check: of the path to a host, or of something that apply needs there. */
export interface Diagnosis {
  readonly check: string;
  /** `warn`: a danger that does not stop apply. */
  readonly status: (typeof DIAGNOSIS_STATUSES)[number];
  readonly text: string;
  /** How to fix it; empty for `ok`. */
  readonly hint: string;
  /** The exit code that apply would end with; 0 unless the check fails. */
  readonly exit: number;
  readonly seconds: number;
}

export const DIAGNOSIS_STATUSES = ['ok', 'warn', 'fail'] as const;
