/** Every rule, in the order in which they are applied and shown. */
import type { PostfixRule } from './rule.ts';
import { RENAMED_RULES } from './rules-renamed.ts';
import { RESTRICTION_RULES } from './rules-restrictions.ts';
import { TLS_RULES } from './rules-tls.ts';
import { TOLD_RULES } from './rules-told.ts';

export const POSTFIX_RULES: readonly PostfixRule[] = [
  ...RESTRICTION_RULES,
  ...RENAMED_RULES,
  ...TLS_RULES,
  ...TOLD_RULES,
];
