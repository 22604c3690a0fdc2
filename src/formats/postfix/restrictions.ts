import { splitWords } from '../text/split-words.ts';

/**
 * Postfix's restriction lists (postconf(5), SMTPD_ACCESS_README): words separated by commas or white space, evaluated from
 * left to right; the first one that permits or refuses decides.
 */

const SEPARATORS = ', \t\r\n';
const TAKES_ARGUMENT =
  /^(?:check_\w+_access|check_policy_service|reject_rbl_client|reject_rhsbl_\w+|permit_dnswl_client|permit_rhswl_client|sleep)$/;

/** One restriction with its prefix and argument: a unit that must not be split. */
export interface Restriction {
  /** Its words as written, one blank between them. */
  readonly text: string;
  /** The restriction's name in lower case, without `warn_if_reject`. */
  readonly name: string;
  /** As written; empty if it has none. */
  readonly argument: string;
  /** Preceded by `warn_if_reject`: it never refuses. */
  readonly warns: boolean;
  /** Offsets in the value. */
  readonly start: number;
  readonly end: number;
}

/** A cache: a run reads the lists of a host many times, and a fleet has only a few hundred different ones. */
const known = new Map<string, readonly Restriction[]>();

/** The restrictions of a list value, in order. */
export function restrictions(value: string): readonly Restriction[] {
  const before = known.get(value);
  if (before) return before;
  if (known.size > 1000) known.clear();
  const found = parse(value);
  known.set(value, found);
  return found;
}

function parse(value: string): Restriction[] {
  const words = splitWords(value, SEPARATORS);
  const found: Restriction[] = [];
  for (let at = 0; at < words.length; at++) {
    const { text: first, start } = words[at]!;
    let end = start + first.length;
    let name = first.toLowerCase();
    const texts = [first];
    const take = (): string => {
      const next = words[at + 1];
      if (!next) return '';
      at++;
      end = next.start + next.text.length;
      texts.push(next.text);
      return next.text;
    };
    const warns = name === 'warn_if_reject';
    if (warns) name = take().toLowerCase();
    const argument = TAKES_ARGUMENT.test(name) ? take() : '';
    found.push({ text: texts.join(' '), name, argument, warns, start, end });
  }
  return found;
}
