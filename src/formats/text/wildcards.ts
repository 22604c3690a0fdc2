/** Matching with `*` in linear memory and at most (length of the pattern × length of the text) steps, whatever the pattern. */

/** One position of a pattern: `*`, or the characters that fit. */
export type Token = typeof ANY | ((char: string) => boolean);

/** Any number of any characters. */
export const ANY = Symbol('*');

/** Only `*` and `?` are special, as in ssh's patterns. */
export function simpleTokens(pattern: string): Token[] {
  return [...pattern].map((char) => (char === '*' ? ANY : char === '?' ? () => true : (other) => other === char));
}

/**
 * Does the whole text match? After a mismatch only the last `*` takes one character more: what the earlier ones took need not change,
 * because the last one can take any text.
 */
export function matchesTokens(tokens: readonly Token[], text: string): boolean {
  const chars = [...text];
  let token = 0;
  let at = 0;
  let star = -1;
  let taken = 0;
  while (at < chars.length) {
    const expected = tokens[token];
    if (expected === ANY) {
      star = token++;
      taken = at;
    } else if (expected?.(chars[at]!)) {
      token += 1;
      at += 1;
    } else if (star >= 0) {
      token = star + 1;
      at = ++taken;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === ANY);
}
