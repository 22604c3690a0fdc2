/** The file patterns of `!include`: glob(3) with GLOB_BRACE, matched against a list of known paths. */
import { ANY, matchesTokens } from '../text/wildcards.ts';
import type { Token } from '../text/wildcards.ts';

/** The braces of one pattern may stand for this many patterns: each pair can double their number. */
const MOST_ALTERNATIVES = 1000;

/**
 * The paths that match a pattern, in the daemon's order: brace alternatives in sequence, each in ASCII order.
 * `paths` are absolute; `pattern` may be a plain path. As in the shell, wildcards do not match names that begin with a dot.
 * Null if the braces stand for too many patterns.
 */
export function globPaths(pattern: string, paths: readonly string[]): string[] | null {
  if (!/[{*?[\\]/.test(pattern)) return paths.filter(isEqualTo(normalise(pattern)));
  const alternatives = braces(pattern);
  return (
    alternatives?.flatMap((alternative) => {
      const matches = matcher(normalise(alternative));
      return paths.filter(matches).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    }) ?? null
  );
}

/** A relative path is relative to the folder of the file that names it. */
export function resolvePath(path: string, from: string): string {
  return path.startsWith('/') ? path : from.slice(0, from.lastIndexOf('/') + 1) + path;
}

/** Resolves `//`, `/./` and `/x/../`, so that each file has one name. */
export function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return '/' + parts.join('/');
}

/** `a{b,c}d` → `abd`, `acd`. `{}` and an unclosed brace are literal. Null if there are too many. */
function braces(pattern: string): string[] | null {
  const done: string[] = [];
  // The next pattern to look at is the last one.
  const open = [pattern];
  while (open.length > 0) {
    const next = open.pop()!;
    const split = alternativesOf(next);
    if (split === null) done.push(next);
    else open.push(...split.reverse());
    if (done.length + open.length > MOST_ALTERNATIVES) return null;
  }
  return done;
}

/** The alternatives of the first brace; null without one. */
function alternativesOf(pattern: string): string[] | null {
  const open = findOpen(pattern);
  if (open < 0) return null;
  let depth = 0;
  let from = open + 1;
  const parts: string[] = [];
  for (let i = open; i < pattern.length; i++) {
    const char = pattern[i];
    if (char === '\\') i++;
    else if (char === '{') depth++;
    else if ((char === '}' || char === ',') && depth === 1) {
      parts.push(pattern.slice(from, i));
      from = i + 1;
      if (char === '}') return parts.map((part) => pattern.slice(0, open) + part + pattern.slice(i + 1));
    } else if (char === '}') depth--;
  }
  return null;
}

function findOpen(pattern: string): number {
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++;
    else if (pattern[i] === '{' && pattern[i + 1] !== '}') return i;
  }
  return -1;
}

function matcher(pattern: string): (path: string) => boolean {
  const parts = pattern.split('/').map((part) => {
    // Most parts are names: a function for each character would cost more than all the matching.
    const fits = /[*?[\\]/.test(part) ? fitsTokens(component(part)) : isEqualTo(part);
    return { fits, isHiddenToo: !/^[*?[]/.test(part) };
  });
  return (path) => {
    const names = path.split('/');
    if (names.length !== parts.length) return false;
    return parts.every(({ fits, isHiddenToo }, i) => {
      const name = names[i]!;
      return (isHiddenToo || !name.startsWith('.')) && fits(name);
    });
  };
}

const isEqualTo = (text: string) => (other: string) => other === text;

/** A pattern that asks for more characters than the name has is not compared with it. */
function fitsTokens(tokens: readonly Token[]): (name: string) => boolean {
  const least = tokens.filter((token) => token !== ANY).length;
  return (name) => name.length >= least && matchesTokens(tokens, name);
}

/** `*`, `?`, `[a-z]`, `[!a-z]`, and `\` before a character that means itself. */
function component(pattern: string): Token[] {
  const tokens: Token[] = [];
  const set = /\[([!^]?)(\]?[^\]]*)\]/y;
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    set.lastIndex = i;
    const [whole, negated, members] = (char === '[' ? set.exec(pattern) : null) ?? [];
    if (whole !== undefined) {
      const fits = new RegExp(`^[${negated === '' ? '' : '^'}${members!.replace(/[\\\]^[]/g, '\\$&')}]$`);
      tokens.push((other) => fits.test(other));
      i += whole.length - 1;
    } else if (char === '*') tokens.push(ANY);
    else if (char === '?') tokens.push(() => true);
    else {
      const literal = char === '\\' && i + 1 < pattern.length ? pattern[++i]! : char;
      tokens.push((other) => other === literal);
    }
  }
  return tokens;
}
