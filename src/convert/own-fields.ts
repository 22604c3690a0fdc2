/** The fields of a user's own whose values only the database knows: a whole location, a whole quota rule. */
import { refuse, type Scope } from './conversion.ts';
import { gracePercent, ownLimits } from './own-limits.ts';
import { commonLocation, ownLocation } from './own-location.ts';

type Lines = string[] | { readonly refuse: string };

/** The lines for `mail` from a variable such as `ldap:mailMessageStore`, also for users who lack it. */
export function locationOf(source: string, scope: Scope): Lines {
  const common = commonLocation(scope);
  // A text within a variable cannot have variables, and without a common location 2.3 looked what is there.
  return common === null || common.includes('%')
    ? refuse(
        `set mail_location without variables, or remove the field mail: 2.4 has a separate field for each of its parts`,
      )
    : ownLocation(source, scope, common);
}

/** The lines for `quota_rule` from such a variable. */
export function limitsOf(source: string, scope: Scope): Lines {
  const percent = gracePercent(scope);
  return percent === null || percent === 0 || percent === 10
    ? ownLimits(source, scope)
    : refuse('write quota_grace as a size, or as 10%%: of the rule of a single user 2.4 computes no other part');
}
