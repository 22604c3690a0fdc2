import type { Severity } from './port-audit.ts';

/** A point that an audit would still report after the plan, because the profile leaves it as it is. */
export interface Left {
  /** The check of the audit. */
  readonly check: string;
  readonly severity: Severity;
  /** One line, for the plan. */
  readonly text: string;
}
