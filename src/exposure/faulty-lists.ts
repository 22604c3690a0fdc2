import { restrictions } from '../formats/postfix/restrictions.ts';
import { compareVersions } from '../formats/versions.ts';
import type { Parameters } from './config.ts';
import { DEEPEST, LISTS } from './restriction-lists.ts';
import { isClass, isRestriction, wordOf } from './restriction-words.ts';

/** Without one of these before any `permit` in the relay or recipient list, smtpd exits at start (smtpd_check_init). */
const REQUIRED = /^((reject|defer)(_unauth_destination)?|defer_if_permit|check_relay_domains)$/;

/** Why smtpd serves nobody with these lists; null if it serves. */
export function missingRefusal(parameters: Parameters, version: string): string | null {
  const classes = parameters.of('smtpd_restriction_classes').split(/[\s,]+/).filter(Boolean); // oxfmt-ignore
  const undefinedClass = classes.find((name) => parameters.of(name) === '');
  if (undefinedClass !== undefined) return `the restriction class ${undefinedClass} is empty: smtpd dies at start`;
  const lists = compareVersions(version, '2.10') < 0 ? [LISTS.recipient] : [LISTS.relay, LISTS.recipient];
  const values = lists.map((list) => parameters.of(list));
  if (values.some((value) => value.includes('$')) || values.some((value) => holds(value, 0))) return null;
  return `neither ${lists.join(' nor ')} holds reject_unauth_destination or the like: smtpd dies at start`;

  function holds(value: string, depth: number): boolean {
    const all = restrictions(value);
    for (const [at, one] of all.entries()) {
      if (one.warns) continue;
      if (one.name === 'permit' && at + 1 < all.length) return false;
      if (REQUIRED.test(one.name)) return true;
      if (isClass(one, parameters) && depth < DEEPEST && holds(parameters.of(wordOf(one)), depth + 1)) return true;
    }
    return false;
  }
}

/** The first word of the lists that looks like a restriction and is unknown to this model; null if there is none. */
export function strangeRestriction(parameters: Parameters): string | null {
  for (const list of Object.values(LISTS)) {
    const found = strange(parameters.of(list), 0);
    if (found !== null) return `${list}: ${found}`;
  }
  return null;

  function strange(value: string, depth: number): string | null {
    for (const one of restrictions(value)) {
      if (isClass(one, parameters)) {
        // A class that includes itself makes smtpd exit.
        const inner = depth < DEEPEST ? strange(parameters.of(wordOf(one)), depth + 1) : one.text;
        if (inner !== null) return inner;
      } else if (/^(reject|permit|check|defer|warn)_/.test(one.name) && !isRestriction(one.name)) return one.text;
    }
    return null;
  }
}
