import { boundary, insertLines, placeOf } from './logical-lines.ts';
import type { MasterCf } from './postfix-master.ts';
import { masterFromLines } from './postfix-master.ts';
import type { Entry, OptionSpan } from './postfix-service.ts';
import { balanced } from './postfix-service.ts';

/** Which service: its identity in Postfix is name and type; `index` picks one of several, else the last counts. */
export interface ServiceId {
  readonly name: string;
  readonly type: string;
  readonly index?: number;
}

/**
 * Sets a service's `-o`: the one that wins is edited where it stands, else a new line comes behind the service's last
 * option. A value with white space is written `{ name = value }` (Postfix ≥ 3.0). Throws CONFIG_INVALID when the service's
 * options are such that its program would not start.
 */
export function setOption(cf: MasterCf, service: ServiceId, option: string, value: string): MasterCf {
  const entry = entryOf(cf, service);
  const wanted = value.trim();
  const text = optionText(option, wanted);
  const span = entry.options.findLast(({ name }) => name === option);
  if (!span) return masterFromLines(addOption(cf.lines, entry, `-o ${text}`), cf.file);
  if (entry.logical.text.slice(span.value.start, span.value.end) === wanted) return cf;
  if (span.braced ? isBalanced(wanted) : !text.startsWith('{')) {
    return masterFromLines(replaceRange(cf.lines, entry, span.value, wanted), cf.file);
  }
  return masterFromLines(replaceRange(cf.lines, entry, span, `-o ${text}`), cf.file);
}

/** Takes every `-o option` of the service away, and the lines that are empty then. */
export function removeOption(cf: MasterCf, service: ServiceId, option: string): MasterCf {
  const entry = entryOf(cf, service);
  const spans = entry.options.filter(({ name }) => name === option);
  if (spans.length === 0) return cf;
  // From the back to the front, so that the places further up still hold.
  const lines = spans.toReversed().reduce<readonly string[]>((all, span) => cutRange(all, entry, span), cf.lines);
  return masterFromLines(lines, cf.file);
}

/**
 * Adds a service below the whole commented-out sample of the first of the names in `under` that has one, else at the
 * end of the file. `options` are `[name, value]`.
 */
export function addService(
  cf: MasterCf,
  columns: {
    readonly name: string;
    readonly type: string;
    readonly private_: string;
    readonly unpriv: string;
    readonly chroot: string;
    readonly wakeup: string;
    readonly maxproc: string;
    readonly command: string;
  },
  options: readonly (readonly [string, string])[],
  under: readonly string[],
): MasterCf {
  const { name, type, private_, unpriv, chroot, wakeup, maxproc, command } = columns;
  if (cf.entries.some(({ service }) => service.name === name && service.type === type)) {
    throw new RangeError(`${cf.file} has ${name} ${type} already`);
  }
  const narrow = [private_, unpriv, chroot, wakeup, maxproc].map((text) => text.padEnd(7));
  const header = [name.padEnd(9), type.padEnd(5), ...narrow, command].join(' ');
  const texts = [header, ...options.map(([option, value]) => `  -o ${optionText(option, value.trim())}`)];
  return masterFromLines(insertLines(cf.lines, belowSample(cf.lines, under, type), texts), cf.file);
}

function entryOf(cf: MasterCf, { name, type, index }: ServiceId): Entry {
  const entry = cf.entries.findLast(
    ({ service }) => service.name === name && service.type === type && (index === undefined || service.index === index),
  );
  if (!entry) throw new RangeError(`${cf.file} has no service ${name} ${type}`);
  if (entry.fault) throw entry.fault;
  return entry;
}

/** `name=value`, or `{ name = value }` where white space would cut it. */
function optionText(name: string, value: string): string {
  if (!isBalanced(value) || /[\n\0]/.test(value)) throw new RangeError(`master.cf cannot hold ${name}=${value}`);
  let level = 0;
  for (const byte of value) {
    if (byte === '{') level++;
    else if (byte === '}') level--;
    else if (level === 0 && /\s/.test(byte)) return `{ ${name} = ${value} }`;
  }
  return `${name}=${value}`;
}

function isBalanced(value: string): boolean {
  return balanced(`{${value}}`) === value.length + 2;
}

function addOption(lines: readonly string[], entry: Entry, text: string): string[] {
  const last = entry.words[entry.rest - 1];
  if (!last) return [...lines];
  const next = entry.words[entry.rest];
  const end = placeOf(entry.logical, last.start + last.text.length - 1);
  const stop = end.offset + 1;
  const line = lines[end.line] ?? '';
  if (next && placeOf(entry.logical, next.start).line === end.line) {
    return lines.with(end.line, `${line.slice(0, stop)} ${text}${line.slice(stop)}`);
  }
  const model = entry.options.at(-1);
  const place = model && placeOf(entry.logical, model.start);
  const indent = place && /^[ \t]+(?=-)/.exec(lines[place.line] ?? '')?.[0];
  return insertLines(lines, end.line + 1, [(indent ?? '  ') + text]);
}

/** Replaces a range of the joined text, which may reach over several physical lines. */
function replaceRange(
  lines: readonly string[],
  entry: Entry,
  range: { readonly start: number; readonly end: number },
  text: string,
): string[] {
  const from = placeOf(entry.logical, range.start);
  const to = range.end === range.start ? from : afterLast(entry, range.end);
  const head = (lines[from.line] ?? '').slice(0, from.offset);
  const tail = (lines[to.line] ?? '').slice(to.offset);
  const gone = new Set(
    entry.logical.pieces.map(({ line }) => line).filter((line) => line > from.line && line <= to.line),
  );
  return lines.with(from.line, head + text + tail).filter((_, index) => !gone.has(index));
}

/** The place just behind the byte before `offset`: on the line of that byte. */
function afterLast(entry: Entry, offset: number): { line: number; offset: number } {
  const place = placeOf(entry.logical, offset - 1);
  return { line: place.line, offset: place.offset + 1 };
}

function cutRange(lines: readonly string[], entry: Entry, span: OptionSpan): string[] {
  const { line } = placeOf(entry.logical, span.start);
  const cut = replaceRange(lines, entry, span, '');
  const text = cut[line] ?? '';
  if (text.trim() === '') return cut.toSpliced(line, 1);
  const at = placeOf(entry.logical, span.start).offset;
  const before = text.slice(0, at);
  // At the front of a line the blanks behind go, else the blanks before.
  const joined = before.trim() === '' ? before + text.slice(at).trimStart() : before.trimEnd() + text.slice(at);
  return cut.with(line, joined);
}

/** Index of the line below the commented-out sample of a service. */
function belowSample(lines: readonly string[], under: readonly string[], type: string): number {
  for (const name of under) {
    const sample = lines.findIndex((line) => {
      const [found, foundType] = /^#[ \t]*(\S+)[ \t]+(\S+)/.exec(line)?.slice(1) ?? [];
      return found === name && foundType === type;
    });
    if (sample < 0) continue;
    let end = sample + 1;
    while (/^#(?:\t| {2,}|\s*-o\b)/.test(lines[end] ?? '')) end++;
    return boundary(lines, end);
  }
  return lines.length;
}
