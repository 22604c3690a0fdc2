/**
 * Nothing from a host reaches a terminal as it is: control characters (C0, C1, DEL) and those that turn or hide text
 * are shown as their code. Line feeds and tabs stay where the caller says so.
 */
export function escape(text: string, keep: '' | 'lines' = ''): string {
  return text.replace(UNSAFE, (char) => {
    if (keep === 'lines' && (char === '\n' || char === '\t')) return char;
    return `\\u{${char.codePointAt(0)?.toString(16) ?? ''}}`;
  });
}

const UNSAFE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
