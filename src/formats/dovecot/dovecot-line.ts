/**
 * Parses one logical line of Dovecot's configuration as the daemon does (config_parse_line in its src/config/config-parser.c),
 * with the same special cases.
 */

/** 2.2 and 2.3 have the same grammar; 2.4 adds quoted keys, `group @x name {`, heredocs and more kinds of white space. */
export type Grammar = '2.3' | '2.4';

/** How a value is written. `plain` includes values with a `$variable`. */
export type Form = 'plain' | 'quoted' | 'file' | 'heredoc';

/** Positions are indexes into the text that was parsed. */
export type ParsedLine =
  /** `value` is unquoted and unescaped; a file value keeps its `<`. For a heredoc it is the end marker. */
  | { kind: 'setting'; key: string; value: string; form: Form; from: number; to: number }
  /** `header` is `type name` with one space between, or only the type if the block has no name. */
  | { kind: 'begin'; header: string; named: boolean }
  | { kind: 'end' }
  | { kind: 'include'; pattern: string; optional: boolean; from: number }
  | { kind: 'error'; at: number; expected: string };

const EQUALS = 61;

/** Space and tab. */
const isBlank = (code: number): boolean => code === 32 || code === 9;
/** C's isspace. */
const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

type White = (code: number) => boolean;

export const whiteOf = (grammar: Grammar): White => (grammar === '2.4' ? isSpace : isBlank);

/** Parses a logical line that is not blank and not a comment. The caller has removed comments and surrounding white space. */
export function parseLine(text: string, grammar: Grammar): ParsedLine {
  const white = whiteOf(grammar);
  let at: number;
  let key: string;
  if (grammar === '2.4' && text[0] === '"') {
    at = closingQuote(text, 1);
    key = unescape(text.slice(1, at));
    at = Math.min(at + 1, text.length);
  } else {
    at = word(text, 0, white, EQUALS);
    key = text.slice(0, at);
  }
  at = skip(text, at, white);

  if (key === '!include' || key === '!include_try') {
    return { kind: 'include', pattern: text.slice(at), optional: key === '!include_try', from: at };
  }
  if (text[at] === '=') return parseValue(text, key, skip(text, at + 1, white), grammar, white);
  if (key === '}' && at === text.length) return { kind: 'end' };
  if (key === '}') return { kind: 'error', at, expected: "the end of the line after '}'" };
  if (at === text.length) return { kind: 'error', at, expected: "'=' or '{'" };
  return parseHeader(text, key, at, grammar, white);
}

// Functions of the module, because a closure for each line would cost as much as the parsing.

/** The first position from `from` on that is not white. */
function skip(text: string, from: number, white: White): number {
  while (from < text.length && white(text.charCodeAt(from))) from++;
  return from;
}

/** The end of the word at `from`: white space, or the character `stop`. */
function word(text: string, from: number, white: White, stop = -1): number {
  for (; from < text.length; from++) {
    const code = text.charCodeAt(from);
    if (code === stop || white(code)) break;
  }
  return from;
}

function parseValue(text: string, key: string, from: number, grammar: Grammar, white: White): ParsedLine {
  const to = text.length;
  const value = text.slice(from);
  if (grammar === '2.4' && value.startsWith('<<')) {
    const marker = skip(text, from + 2, white);
    if (marker < to) return { kind: 'setting', key, value: text.slice(marker), form: 'heredoc', from, to };
  }
  if (value[0] === '<') {
    return { kind: 'setting', key, value: '<' + text.slice(skip(text, from + 1, white)), form: 'file', from, to };
  }
  const quote = value[0];
  if ((quote === '"' || quote === "'") && value.endsWith(quote)) {
    return { kind: 'setting', key, value: unescape(value.slice(1, -1)), form: 'quoted', from, to };
  }
  return { kind: 'setting', key, value, form: 'plain', from, to };
}

/** `type {`, `type name {`, `type "na me" {`, and in 2.4 `group @type name {`; else an error at the position of the missing `{`. */
function parseHeader(text: string, type: string, at: number, grammar: Grammar, white: White): ParsedLine {
  let header = type;
  let named = false;
  if (text[at] !== '{' && grammar === '2.4' && type === 'group') {
    const end = word(text, at, white);
    header = `group ${text.slice(at, end)}`;
    at = skip(text, end, white);
  }
  // A group's name is a bare word and may be `{`; only then must another brace follow.
  if (text[at] !== '{' || header !== type) {
    const quoted = header === type && text[at] === '"';
    const close = quoted ? text.indexOf('"', at + 1) : -1;
    const end = quoted ? (close < 0 ? text.length : close) : word(text, at, white);
    const name = quoted ? unescape(text.slice(at + 1, end)) : text.slice(at, end);
    named = true;
    header += ` ${name}`;
    at = skip(text, Math.min(quoted ? end + 1 : end, text.length), white);
  }
  if (text[at] !== '{') {
    return { kind: 'error', at, expected: "'{'" };
  }
  if (at + 1 < text.length) return { kind: 'error', at: at + 1, expected: "the end of the line after '{'" };
  return { kind: 'begin', header, named };
}

/** Index of the quote that ends a quoted key, or the end of the text. */
function closingQuote(text: string, from: number): number {
  while (from < text.length && text[from] !== '"') from += text[from] === '\\' ? 2 : 1;
  return Math.min(from, text.length);
}

/** A backslash escapes the byte after it; a backslash at the very end is dropped. */
function unescape(text: string): string {
  return text.includes('\\') ? text.replace(/\\([^]?)/g, '$1') : text;
}
