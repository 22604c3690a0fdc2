import type { Bytes } from '../model.ts';
import { insertMember } from './lists.ts';
import { boundary, insertLines, logicalLines, placeOf, splitLines, trimBlanks } from './logical-lines.ts';
import type { LogicalLine } from './logical-lines.ts';
import { writeValue } from './postfix-value.ts';
import { syntaxError } from './syntax-error.ts';

/**
 * Postfix's main.cf (postconf(5)), lossless: the physical lines as they are, and the parameters found in them.
 * Immutable: an edit gives a new tree, and the very same one when there is nothing to change.
 */
export interface MainCf {
  readonly file: string;
  readonly lines: readonly string[];
  readonly parameters: readonly Parameter[];
}

/** One `name = value`. `value` is where the value lies in the joined text, without the white space around it. */
export interface Parameter {
  readonly name: string;
  readonly logical: LogicalLine;
  readonly equals: number;
  readonly value: { readonly start: number; readonly end: number };
}

export interface MainEntry {
  readonly name: string;
  /** As Postfix joins it: the line ends of a multi-line value are gone, its indentation is there; `$name` is not expanded. */
  readonly value: string;
  /** Number of the line that the name stands on, from 1. */
  readonly line: number;
}

/** Reads main.cf. Throws CONFIG_INVALID where Postfix itself would refuse it. */
export function parseMain(bytes: Bytes, file: string): MainCf {
  return fromLines(splitLines(bytes), file);
}

/** The bytes of the file: of an unedited tree, the very bytes that were read. */
export function renderMain(cf: MainCf): Bytes {
  return cf.lines.join('');
}

/** Every occurrence of every parameter, in the order of the file. */
export function mainEntries(cf: MainCf): MainEntry[] {
  return cf.parameters.map(toEntry);
}

/** The occurrence that wins, which is the last; null when the file does not set the parameter. */
export function mainValue(cf: MainCf, name: string): MainEntry | null {
  const parameter = winner(cf, name);
  return parameter ? toEntry(parameter) : null;
}

/**
 * Sets a parameter with the smallest change: in the occurrence that wins, keeping its `name=` or `name = `, line ends
 * and the layout of a multi-line value. A parameter that is not there goes below its commented-out sample, or to the
 * end of the file. White space inside a multi-line value does not count as a difference.
 */
export function setMain(cf: MainCf, name: string, value: string): MainCf {
  const parameter = winner(cf, name);
  if (!parameter) return add(cf, name, value);
  const lines = writeValue(cf.lines, parameter, value);
  return lines === cf.lines ? cf : fromLines(lines, cf.file);
}

/**
 * Puts a member into a list directly before another one, or at its end where `before` is null or not there. In a list
 * of several lines it gets a line of its own. A member that is there stays where it is; a list that is not set is
 * set to the member alone.
 */
export function insertMainMember(cf: MainCf, name: string, member: string, before: string | null): MainCf {
  return setMain(cf, name, insertMember(mainValue(cf, name)?.value ?? '', member, before));
}

/** Takes a parameter away: every occurrence, with its continuation lines. Comments between those stay. */
export function removeMain(cf: MainCf, name: string): MainCf {
  const gone = new Set<number>();
  for (const parameter of cf.parameters) {
    if (parameter.name === name) for (const { line } of parameter.logical.pieces) gone.add(line);
  }
  if (gone.size === 0) return cf;
  return fromLines(
    cf.lines.filter((_, index) => !gone.has(index)),
    cf.file,
  );
}

function fromLines(lines: readonly string[], file: string): MainCf {
  const parameters = logicalLines(lines).map((logical): Parameter => {
    const { text } = logical;
    const [name = ''] = /^[^ \t\n\v\f\r=]*/.exec(text) ?? [];
    let equals = name.length;
    while (isSpace(text, equals)) equals++;
    if (name === '' || text[equals] !== '=') {
      const at = placeOf(logical, Math.min(equals, text.length));
      throw syntaxError({
        file,
        line: at.line + 1,
        column: at.offset + 1,
        source: lines[at.line] ?? '',
        expected: name === '' ? 'a parameter name before "="' : '"=" after the parameter name',
      });
    }
    let start = equals + 1;
    let end = text.length;
    while (isSpace(text, start)) start++;
    while (end > start && isSpace(text, end - 1)) end--;
    return { name, logical, equals, value: { start, end } };
  });
  return { file, lines, parameters };
}

function isSpace(text: string, index: number): boolean {
  const byte = text[index];
  return byte !== undefined && ' \t\n\v\f\r'.includes(byte);
}

function winner(cf: MainCf, name: string): Parameter | undefined {
  return cf.parameters.findLast((parameter) => parameter.name === name);
}

function toEntry({ name, logical, value }: Parameter): MainEntry {
  return { name, value: logical.text.slice(value.start, value.end), line: (logical.pieces[0]?.line ?? 0) + 1 };
}

function add(cf: MainCf, name: string, value: string): MainCf {
  const sample = findSample(cf.lines, name);
  const text = trimBlanks(`${name}${sample?.equals ?? ' = '}${trimBlanks(value)}`);
  return fromLines(insertLines(cf.lines, sample?.end ?? cf.lines.length, [text]), cf.file);
}

/**
 * The commented-out sample of a parameter: the line below it where the parameter can go, and its way of writing `=`.
 * Of several in a row the last; a sample's own continuation lines (`#` and deeper indentation) belong to it.
 */
function findSample(lines: readonly string[], name: string): { end: number; equals: string } | null {
  const sampleOf = (line: string | undefined) => {
    const [, indent = '', found, equals = ''] = /^#([ \t]*)([^ \t=#]+)([ \t]*=[ \t]*)/.exec(line ?? '') ?? [];
    return found === name ? { indent, equals: equals.includes(' ') || equals.includes('\t') ? ' = ' : '=' } : null;
  };
  const first = lines.findIndex((line) => sampleOf(line) !== null);
  let sample = sampleOf(lines[first]);
  if (!sample) return null;
  const { equals } = sample;
  let end = first + 1;
  while (end < lines.length) {
    const line = lines[end] ?? '';
    const next = sampleOf(line);
    const indent = /^#([ \t]*)[^ \t\r\n#]/.exec(line)?.[1] ?? '';
    const continues =
      sample !== null && indent.length > sample.indent.length && (/\t/.test(indent) || indent.length > 1);
    if (!next && !continues) break;
    sample = next ?? sample;
    end++;
  }
  return { end: boundary(lines, end), equals };
}
