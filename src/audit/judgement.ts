import type { Finding, Severity } from '../model.ts';
import type { RuleId } from './rules.ts';

/** The verdict of one rule on a port. `source` overrides the rule's own source document. */
export interface Judgement {
  readonly check: RuleId;
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
