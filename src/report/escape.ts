/**
 * Makes text from a host safe for a terminal: control characters (C0, C1, DEL) and characters that reorder or hide text become
 * their code. Line feeds and tabs stay with `keep`.
 */
export function escape(text: string, keep: '' | 'lines' = ''): string {
  return text.replace(UNSAFE, (char) => {
    if (keep === 'lines' && (char === '\n' || char === '\t')) return char;
    return `\\u{${char.codePointAt(0)?.toString(16) ?? ''}}`;
  });
}

const UNSAFE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
