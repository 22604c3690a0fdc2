import type { Severity } from './port-audit.ts';
import type { Profile } from './words.ts';

/** Grades of an audit, the best first. */
export const GRADES = ['A+', 'A', 'B', 'C', 'D', 'F'] as const;

/** The grade of a host, and what would raise it. */
export interface Grade {
  readonly grade: (typeof GRADES)[number];
  /** The severity of the worst findings, which cap the grade; `ok`: nothing does. */
  readonly cap: Severity;
  /** The grade without the findings that cap it; null for the best. */
  readonly next: (typeof GRADES)[number] | null;
  /** The fixes that lead to the next grade. */
  readonly steps: readonly GradeStep[];
}

export interface GradeStep {
  /** The profile whose apply does it; null: by hand. */
  readonly profile: Profile | null;
  /** The checks that it makes good. */
  readonly checks: readonly string[];
}
