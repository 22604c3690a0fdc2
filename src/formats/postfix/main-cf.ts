import type { Bytes } from '../../model/index.ts';
import { boundary, editLogical, insertLines, type TextEdit } from '../text/line-edits.ts';
import { insertMember } from '../text/lists.ts';
import { isBlank, join, lineEnd, logicalLines, placeOf, trimBlanks } from '../text/logical-lines.ts';
import { writeValue, type SplitParameter } from './main-cf-value.ts';
import { syntaxError } from '../syntax-error.ts';

/**
 * Postfix's main.cf (postconf(5)), lossless: the unchanged bytes, and the parameters found in them. Immutable: an edit
 * returns a new tree, or the same one if nothing changes.
 */
export interface MainCf {
  readonly file: string;
  readonly bytes: Bytes;
  readonly parameters: readonly Parameter[];
}

/** One `name = value`: the start of its logical line, and its line number, from 1. */
export interface Parameter {
  readonly name: string;
  readonly start: number;
  readonly line: number;
}

export interface MainEntry {
  readonly name: string;
  /** As Postfix joins it: a multi-line value has no line ends but keeps its indentation; `$name` is not expanded. */
  readonly value: string;
  /** Line number of the name, from 1. */
  readonly line: number;
}

/** Parses main.cf. Throws CONFIG_INVALID for input that Postfix refuses. */
export function parseMain(bytes: Bytes, file: string): MainCf {
  return { file, bytes, parameters: readParameters(bytes, file) };
}

/** A tree after an edit. It is parsed again only when it is read, because large files take time. */
function edited(bytes: Bytes, file: string): MainCf {
  let parameters: Parameter[] | null = null;
  return {
    file,
    bytes,
    get parameters() {
      return (parameters ??= readParameters(bytes, file));
    },
  };
}

function readParameters(bytes: Bytes, file: string): Parameter[] {
  return logicalLines(bytes, (start, line) => ({ name: nameOf(bytes, start, line, file), start, line }));
}

/** The bytes of the file; for an unedited tree, the original bytes. */
export function renderMain(cf: MainCf): Bytes {
  return cf.bytes;
}

/** Every occurrence of every parameter, in the order of the file. */
export function mainEntries(cf: MainCf): MainEntry[] {
  return cf.parameters.map((parameter) => toEntry(cf, parameter));
}

/** The occurrence that wins, which is the last; null if the file does not set the parameter. */
export function mainValue(cf: MainCf, name: string): MainEntry | null {
  const parameter = winner(cf, name);
  return parameter ? toEntry(cf, parameter) : null;
}

/**
 * Sets a parameter with the smallest change: in the occurrence that wins, with its `name=` or `name = `, its line ends
 * and the layout of a multi-line value. A new parameter goes below its commented-out sample, or to the end of the file.
 * White space inside a multi-line value does not count as a difference.
 */
export function setMain(cf: MainCf, name: string, value: string): MainCf {
  const wanted = trimBlanks(value);
  if (/[\n\0]/.test(wanted)) throw new RangeError(`the value of ${name} contains a line end`);
  const parameter = winner(cf, name);
  const bytes = parameter ? writeValue(cf.bytes, split(cf.bytes, parameter), wanted) : add(cf.bytes, name, wanted);
  return bytes === cf.bytes ? cf : edited(bytes, cf.file);
}

/** The exact bytes of the occurrence that wins, from its name to the end of its last line; null if there is none. */
export function mainText(cf: MainCf, name: string): Bytes | null {
  const parameter = winner(cf, name);
  if (!parameter) return null;
  const [start, end] = extent(cf, parameter);
  return cf.bytes.slice(start, end);
}

/** Writes the occurrence that wins with these exact bytes, if they have the same meaning: only white space may differ. */
export function respaceMain(cf: MainCf, name: string, text: Bytes): MainCf {
  const parameter = winner(cf, name);
  if (!parameter) return cf;
  const [start, end] = extent(cf, parameter);
  const same = cf.bytes.slice(start, end).replace(/\s/g, '') === text.replace(/\s/g, '');
  return same ? edited(cf.bytes.slice(0, start) + text + cf.bytes.slice(end), cf.file) : cf;
}

function extent({ bytes }: MainCf, { start, line }: Parameter): [number, number] {
  return [start, join(bytes, start, line).ends.at(-1) ?? start];
}

/**
 * Inserts a member into a list directly before another one, or at the end if `before` is null or absent. In a multi-line
 * list it gets a line of its own. A present member stays where it is; a list that is not set becomes the member alone.
 */
export function insertMainMember(cf: MainCf, name: string, member: string, before: string | null): MainCf {
  return setMain(cf, name, insertMember(mainValue(cf, name)?.value ?? '', member, before));
}

/** Removes every occurrence of a parameter, with its continuation lines. Comments between those stay. */
export function removeMain(cf: MainCf, name: string): MainCf {
  const kept: string[] = [];
  let done = 0;
  for (const parameter of cf.parameters) {
    if (parameter.name !== name) continue;
    const { froms, ends } = join(cf.bytes, parameter.start, parameter.line);
    for (const [part, from] of froms.entries()) {
      kept.push(cf.bytes.slice(done, from));
      done = (ends[part] ?? 0) + 1;
    }
  }
  return done === 0 ? cf : edited(kept.join('') + cf.bytes.slice(done), cf.file);
}

/** Replaces ranges of the value that wins, each within its own line. The edits are offsets in the value, in ascending order. */
export function editMainValue(cf: MainCf, name: string, edits: readonly TextEdit[]): MainCf {
  const parameter = winner(cf, name);
  if (!parameter || edits.length === 0) return cf;
  const { joined, value } = split(cf.bytes, parameter);
  const moved = edits.map(({ start, end, text }) => ({ start: start + value.start, end: end + value.start, text }));
  return edited(editLogical(cf.bytes, joined, moved), cf.file);
}

/** Gives every occurrence of a parameter another name. Value, layout and comments stay. */
export function renameMain(cf: MainCf, from: string, to: string): MainCf {
  const kept: string[] = [];
  let done = 0;
  for (const { name, start } of cf.parameters) {
    if (name !== from) continue;
    kept.push(cf.bytes.slice(done, start), to);
    done = start + from.length;
  }
  return done === 0 ? cf : edited(kept.join('') + cf.bytes.slice(done), cf.file);
}

/** By name, for each tree: a plan asks for each of a file's parameters, and a file may have 50,000. */
const winners = new WeakMap<MainCf, ReadonlyMap<string, Parameter>>();

function winner(cf: MainCf, name: string): Parameter | undefined {
  const known = winners.get(cf) ?? new Map(cf.parameters.map((parameter) => [parameter.name, parameter]));
  winners.set(cf, known);
  return known.get(name);
}

function toEntry(cf: MainCf, parameter: Parameter): MainEntry {
  const { joined, value } = split(cf.bytes, parameter);
  return { name: parameter.name, value: joined.text.slice(value.start, value.end), line: parameter.line };
}

/** The name, or the error with which Postfix would stop. Usually both name and `=` are on the first line. */
function nameOf(bytes: Bytes, start: number, line: number, file: string): string {
  let end = start;
  while (!isNameEnd(bytes.charCodeAt(end))) end++;
  let equals = end;
  while (isBlank(bytes.charCodeAt(equals))) equals++;
  if (end > start && bytes[equals] === '=') return bytes.slice(start, end);

  const joined = join(bytes, start, line);
  const name = joined.text.slice(0, end - start);
  equals = skipBlanks(joined.text, name.length);
  if (name !== '' && joined.text[equals] === '=') return name;
  const expected = name === '' ? 'a parameter name before "="' : '"=" after the parameter name';
  throw syntaxError({ file, ...placeOf(bytes, joined, equals), expected });
}

/** White space, `=`, NUL, or (NaN) the end of the file. */
function isNameEnd(byte: number): boolean {
  return isBlank(byte) || byte === 0x0a || byte === 0x3d || !(byte > 0);
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  return at;
}

function split(bytes: Bytes, { name, start: from, line }: Parameter): SplitParameter {
  const joined = join(bytes, from, line);
  const equals = skipBlanks(joined.text, name.length);
  const start = skipBlanks(joined.text, equals + 1);
  let end = joined.text.length;
  while (end > start && isBlank(joined.text.charCodeAt(end - 1))) end--;
  return { joined, equals, value: { start, end } };
}

function add(bytes: Bytes, name: string, value: string): Bytes {
  const sample = findSample(bytes, name);
  const text = trimBlanks(`${name}${sample?.equals ?? ' = '}${value}`);
  return insertLines(bytes, sample?.end ?? bytes.length, [text]);
}

/**
 * The commented-out sample of a parameter: where the parameter can go below it, and its spelling of `=`. Of several in a row,
 * the last counts; a sample's own continuation lines (`#` and deeper indentation) belong to it.
 */
function findSample(bytes: Bytes, name: string): { end: number; equals: string } | null {
  const pattern = `#([ \\t]*)${name.replace(/[^\w]/g, '\\$&')}([ \\t]*)=`;
  const first = new RegExp(`(?:^|\\n)${pattern}`).exec(bytes);
  if (!first) return null;
  const sampleAt = new RegExp(pattern, 'y');
  const proseAt = /#([ \t]*)[^ \t\r\n#]/y;
  const match = (regex: RegExp, start: number) => {
    regex.lastIndex = start;
    return regex.exec(bytes);
  };
  let indent = first[1]?.length ?? 0;
  let end = lineEnd(bytes, first.index + 1) + 1;
  for (;;) {
    const next = match(sampleAt, end)?.[1];
    const deeper = match(proseAt, end)?.[1] ?? '';
    const continues = deeper.length > indent && (deeper.includes('\t') || deeper.length > 1);
    if (next === undefined && !continues) break;
    indent = next?.length ?? indent;
    end = lineEnd(bytes, end) + 1;
  }
  return { end: boundary(bytes, Math.min(end, bytes.length)), equals: first[2] === '' ? '=' : ' = ' };
}
