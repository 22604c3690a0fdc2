/** New text for one logical line, and files with such texts in them. */
import type { Line } from '../formats/dovecot/dovecot-lexer.ts';
import type { Bytes } from '../model/index.ts';

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: Bytes;
}

/** The lines in place of a logical line, with its indent and end of line; a comment behind it stays behind the first. */
export function replaced(bytes: Bytes, line: Line, lines: readonly string[]): Bytes {
  const old = bytes.slice(line.start, line.end);
  const eol = /\r?\n$/.exec(old)?.[0] ?? '';
  const indent = /^[ \t]*/.exec(old)?.[0] ?? '';
  const comment = commentBehind(bytes, line);
  if (lines.length === 0) return comment === '' ? '' : `${indent}${comment}${eol}`;
  const [first = '', ...rest] = lines;
  const body = [comment === '' ? first : `${first} ${comment}`, ...rest];
  return body.map((text) => indent + text).join(eol || '\n') + eol;
}

/** Of `} # done` and `x = y # why` the comment; in front of it a quote may hide a `#`, so the value's end is asked. */
function commentBehind(bytes: Bytes, line: Line): string {
  const from = line.kind === 'setting' && line.form !== 'heredoc' ? line.valueEnd : line.start;
  const text = bytes.slice(from, line.end).replace(/\r?\n$/, '');
  return (line.kind === 'setting' ? /^\s*(#.*)$/ : /[{}]\s*(#.*)$/).exec(text)?.[1] ?? '';
}

/** Every physical line of it behind a `#`. */
export function commentedOut(text: Bytes): Bytes {
  return text.replace(/^([ \t]*)(?=[^\s#])/gm, '$1#');
}

/** @param edits of places that do not overlap, in any order */
export function spliced(bytes: Bytes, edits: readonly Edit[]): Bytes {
  let at = 0;
  let result = '';
  for (const { start, end, text } of [...edits].sort((a, b) => a.start - b.start)) {
    result += bytes.slice(at, start) + text;
    at = end;
  }
  return result + bytes.slice(at);
}
