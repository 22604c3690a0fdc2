/** How the sessions of a whole host differ before and after, beyond what is intended. */

import { without } from './intended.ts';
import type { Host, Result, Session } from './schema.ts';

/** Outcomes of a session that got what it wanted. */
export const SERVED = /^(accepted|sent|delivered|logged in)/;

export type Profile = 'standard' | 'strict';

export interface Finding {
  /** Somebody gets what was refused before. */
  readonly weaker: boolean;
  readonly says: string;
}

/** How a session differs, beyond what is intended. */
export function differences(session: Session, was: Result, is: Result, profile: Profile, data: Host): Finding[] {
  const strict = profile === 'strict';
  const effects = [...data.intended, ...(strict ? data.strict : [])];
  const wanted = [(strict ? session.strict : undefined) ?? session.after ?? session.expect].flat();
  const own = wanted.join() !== session.expect;
  const left = without(effects, was, is, data.name);
  if (own && wanted.includes(is.outcome)) return [];
  if (!own && same(was, left)) return [];
  const weaker =
    (SERVED.test(is.outcome) && !SERVED.test(was.outcome)) ||
    more(was.clear, left.clear) ||
    more(was.tls, left.tls) ||
    (was.names ?? []).some((one) => left.names && !left.names.includes(one)) ||
    (was.outcome === 'closed' && left.outcome !== 'closed' && session.kind === 'offers');
  const wish = own ? ` (wanted: ${wanted.join(' or ')})` : '';
  return [{ weaker, says: `${difference(was, left)}${wish}` }];
}

const more = (was: readonly string[] | undefined, is: readonly string[] | undefined): boolean =>
  (is ?? []).some((one) => !(was ?? []).includes(one));

/** What is compared of a session. */
const compared = ({ outcome, clear, tls, starttls, replies, names, where, headers }: Result): Record<string, unknown> =>
  clear || tls
    ? { clear, starttls, tls, names: names?.join() }
    : { outcome, replies: replies.join(' | '), names: names?.join(), where: where?.join(), headers };

export const same = (was: Result, is: Result): boolean =>
  JSON.stringify(compared(was)) === JSON.stringify(compared(is));

export function difference(was: Result, is: Result): string {
  const [left, right] = [compared(was), compared(is)];
  const fields = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  const parts = fields
    .filter((field) => JSON.stringify(left[field]) !== JSON.stringify(right[field]))
    .map((field) => `${field} ${JSON.stringify(left[field])} → ${JSON.stringify(right[field])}`);
  return `${was.name}: ${parts.join('; ')}`;
}
