import { upstream } from '../formats/versions.ts';
import type { Facts, LostMap, Refusal, UserField } from '../model/index.ts';

/**
 * Parses lines `DAEMON WORDS` of gather.sh. Two programs of one daemon may report the same error, each under its own name; it
 * is listed once.
 */
export function refusalsIn(lines: readonly string[]): Pick<Facts, 'refusals'> {
  const all = lines.map((line): Refusal => {
    const [, daemon = '', text = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    return { daemon: daemon === 'dovecot' ? 'dovecot' : 'postfix', text: wordsOf(text) };
  });
  const refusals = [...new Map(all.map((one) => [`${one.daemon} ${one.text}`, one])).values()];
  return refusals.length > 0 ? { refusals } : {};
}

/** `postconf: fatal: …` → `…` */
function wordsOf(text: string): string {
  return text.replace(/^\S+: (fatal|error): /i, '').trim();
}

/** Parses lines `PARAMETER TYPE:PATH FILE` of gather.sh. */
/** `COUNT NAME PATH` */
export function userFieldsIn(lines: readonly string[]): Pick<Facts, 'userFields'> {
  const userFields = lines.flatMap((line): UserField[] => {
    const [, count, name = '', path = ''] = /^(\d+) (\S+) (.*)$/.exec(line) ?? [];
    return count === undefined ? [] : [{ count: Number(count), name, path }];
  });
  return userFields.length > 0 ? { userFields } : {};
}

export function lostMapsIn(lines: readonly string[]): Pick<Facts, 'lostMaps'> {
  const lostMaps = lines.map((line): LostMap => {
    const [parameter = '', map = '', ...file] = line.split(' ');
    return { parameter, map, file: file.join(' ') };
  });
  return lostMaps.length > 0 ? { lostMaps } : {};
}

/** Parses lines `NAME VERSION SUITE` and `auto` of gather.sh. */
export function upcomingIn(lines: readonly string[]): Pick<Facts, 'upcoming'> {
  const of = (name: string): { version: string; suite: string } | null => {
    const [, version = '', suite = ''] = lines.find((line) => line.startsWith(`${name} `))?.split(' ') ?? [];
    // A repository without suites is `./`.
    return version === '' ? null : { version: upstream(version), suite: suite === '.' ? '' : suite };
  };
  const dovecot = of('dovecot-core');
  const postfix = of('postfix');
  if (!dovecot) return {};
  return {
    upcoming: {
      dovecot: dovecot.version,
      suite: dovecot.suite,
      ...(postfix && { postfix: postfix.version }),
      ...(lines.includes('auto') && { auto: true as const }),
    },
  };
}
