/** New text for one logical line, and its insertion into a file. */
import type { Line } from '../formats/dovecot/dovecot-lexer.ts';
import type { Bytes } from '../model/index.ts';

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: Bytes;
}

/** The lines that replace a logical line, with its indent and end of line; its trailing comment follows the first of them. */
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

/** The comment of `} # done` and `x = y # why`. A quoted value may contain a `#`, so the search starts at the value's end. */
function commentBehind(bytes: Bytes, line: Line): string {
  const from = line.kind === 'setting' && line.form !== 'heredoc' ? line.valueEnd : line.start;
  const text = bytes.slice(from, line.end).replace(/\r?\n$/, '');
  return (line.kind === 'setting' ? /^\s*(#.*)$/ : /[{}]\s*(#.*)$/).exec(text)?.[1] ?? '';
}

/** The text with every physical line commented out. */
export function commentedOut(text: Bytes): Bytes {
  return text.replace(/^([ \t]*)(?=[^\s#])/gm, '$1#');
}

/** @param edits edits that do not overlap, in any order */
export function spliced(bytes: Bytes, edits: readonly Edit[]): Bytes {
  let at = 0;
  let result = '';
  for (const { start, end, text } of [...edits].sort((a, b) => a.start - b.start)) {
    result += bytes.slice(at, start) + text;
    at = end;
  }
  return result + bytes.slice(at);
}
