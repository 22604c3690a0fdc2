import type { Finding, Severity } from '../model/index.ts';
import type { RuleId } from './audit-rules.ts';

/** The verdict of one rule on a port. `source` overrides the rule's own source document. */
export interface Judgement {
  readonly check: RuleId;
  /** Distinguishes faults of one check on one port. */
  readonly kind?: string;
  readonly severity: Severity;
  readonly text: string;
  readonly source?: string;
}

export const STATUS: Readonly<Record<Severity, Finding['status']>> = {
  ok: 'pass',
  info: 'hint',
  low: 'warn',
  medium: 'fail',
  high: 'fail',
};
