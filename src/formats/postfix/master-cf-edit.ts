import type { Bytes } from '../../model/index.ts';
import { blanksBefore, boundary, editLogical, insertLines } from '../text/line-edits.ts';
import type { TextEdit } from '../text/line-edits.ts';
import { isCut, lineEnd, partAt, trimBlanks } from '../text/logical-lines.ts';
import { balanced, editedMaster } from './service-entry.ts';
import type { Entry, MasterCf, MasterService, OptionSpan } from './service-entry.ts';

/** A service's identity in Postfix: name and type. Of several with the same identity, Postfix runs the last. */
export interface ServiceId {
  readonly name: string;
  readonly type: string;
}

/**
 * Sets a service's `-o`: the one that wins is edited in place; otherwise a new line is added after the service's last
 * option. A value with white space is written `{ name = value }` (Postfix ≥ 3.0).
 * @throws CONFIG_INVALID if the service's options would keep its program from starting
 */
export function setOption(cf: MasterCf, service: ServiceId, option: string, value: string): MasterCf {
  const entry = entryOf(cf, service);
  const wanted = trimBlanks(value);
  const text = optionText(option, wanted);
  const span = entry.options.findLast(({ name }) => name === option);
  if (!span) return editedMaster(addOption(cf.bytes, entry, `-o ${text}`), cf.file);
  if (entry.joined.text.slice(span.value.start, span.value.end) === wanted) return cf;
  const flag = entry.joined.text[span.start] === '-' ? '-o' : 'o';
  const edit =
    span.braced || !text.startsWith('{')
      ? { ...span.value, text: wanted }
      : { start: span.start, end: span.end, text: `${flag} ${text}` };
  return editedMaster(editLogical(cf.bytes, entry.joined, [edit]), cf.file);
}

/** Removes every `-o option` of the service, and the lines that become empty. */
export function removeOption(cf: MasterCf, service: ServiceId, option: string): MasterCf {
  for (;;) {
    const entry = entryOf(cf, service);
    const span = entry.options.findLast(({ name }) => name === option);
    if (!span) return cf;
    cf = editedMaster(editLogical(cf.bytes, entry.joined, [cut(entry, span)]), cf.file);
  }
}

/** Gives every `-o from=…` of the service another name. */
export function renameOption(cf: MasterCf, service: ServiceId, from: string, to: string): MasterCf {
  const { joined, options } = entryOf(cf, service);
  const edits = options
    .filter(({ name }) => name === from)
    .map(({ start: at }) => joined.text.indexOf(from, at))
    .map((start) => ({ start, end: start + from.length, text: to }));
  return edits.length === 0 ? cf : editedMaster(editLogical(cf.bytes, joined, edits), cf.file);
}

/**
 * Adds a service below the commented-out sample of the first name in `under` that has one, else at the end of the file.
 * `options` are `[name, value]`.
 */
export function addService(
  cf: MasterCf,
  columns: Pick<MasterService, 'name' | 'type' | 'private_' | 'unpriv' | 'chroot' | 'wakeup' | 'maxproc' | 'command'>,
  options: readonly (readonly [string, string])[],
  under: readonly string[],
): MasterCf {
  const { name, type, private_, unpriv, chroot, wakeup, maxproc, command } = columns;
  if (cf.entries.some(({ service }) => service.name === name && service.type === type)) {
    throw new RangeError(`${cf.file} already has ${name} ${type}`);
  }
  const narrow = [private_, unpriv, chroot, wakeup, maxproc].map((text) => text.padEnd(7));
  const header = [name.padEnd(9), type.padEnd(5), ...narrow, command].join(' ');
  const texts = [header, ...options.map(([option, value]) => `  -o ${optionText(option, trimBlanks(value))}`)];
  return editedMaster(insertLines(cf.bytes, belowSample(cf.bytes, under, type), texts), cf.file);
}

/** Removes a service: the lines of its entry. Comments between them stay. */
export function removeService(cf: MasterCf, service: ServiceId): MasterCf {
  const { joined } = entryOf(cf, service);
  const kept: string[] = [];
  let done = 0;
  for (const [part, from] of joined.froms.entries()) {
    kept.push(cf.bytes.slice(done, from));
    done = (joined.ends[part] ?? 0) + 1;
  }
  return editedMaster(kept.join('') + cf.bytes.slice(done), cf.file);
}

function entryOf(cf: MasterCf, { name, type }: ServiceId): Entry {
  const entry = cf.entries.findLast(({ service }) => service.name === name && service.type === type);
  if (!entry) throw new RangeError(`${cf.file} has no service ${name} ${type}`);
  if (entry.fault) throw entry.fault;
  return entry;
}

/** `name=value`, or `{ name = value }` if white space would split it. */
export function optionText(name: string, value: string): string {
  if (!isBalanced(value) || /[\n\0]/.test(value)) throw new RangeError(`master.cf cannot hold ${name}=${value}`);
  let level = 0;
  for (const byte of value) {
    if (byte === '{') level++;
    else if (byte === '}') level--;
    else if (level === 0 && ' \t\r'.includes(byte)) return `{ ${name} = ${value} }`;
  }
  return `${name}=${value}`;
}

export function isBalanced(value: string): boolean {
  return balanced(`{${value}}`) === value.length + 2;
}

/** Adds an `-o` after the last option, before the first other word: options end there. */
function addOption(bytes: Bytes, entry: Entry, text: string): Bytes {
  const { joined, words, rest } = entry;
  const last = words[rest - 1];
  if (!last) return bytes;
  const end = last.start + last.text.length;
  const part = partAt(joined, end - 1);
  const next = words[rest];
  if (isCut(joined) || (next && partAt(joined, next.start) === part)) {
    return editLogical(bytes, joined, [{ start: end, end, text: ` ${text}` }]);
  }
  const model = entry.options.at(-1);
  const line = model && partAt(joined, model.start);
  const indent =
    line === undefined ? null : /^[ \t]+(?=-)/.exec(bytes.slice(joined.froms[line], joined.ends[line]))?.[0];
  return insertLines(bytes, (joined.ends[part] ?? 0) + 1, [(indent ?? '  ') + text]);
}

/** An option with the blanks before it, or after it at the front of a line. */
function cut({ joined }: Entry, { start, end }: OptionSpan): TextEdit {
  const { text, starts } = joined;
  const before = blanksBefore(text, start);
  if (before > (starts[partAt(joined, start)] ?? 0)) return { start: before, end, text: '' };
  const next = starts[partAt(joined, end - 1) + 1] ?? text.length;
  const behind = /^[ \t]*/.exec(text.slice(end, next))?.[0].length ?? 0;
  return { start, end: end + behind, text: '' };
}

/** The position for a new service below a commented-out sample; the end of the file if there is no sample. */
function belowSample(bytes: Bytes, under: readonly string[], type: string): number {
  for (const name of under) {
    const escaped = name.replace(/[^\w]/g, '\\$&');
    const sample = new RegExp(`(?:^|\\n)#[ \\t]*${escaped}[ \\t]+${type}[ \\t]`).exec(bytes);
    if (!sample) continue;
    const own = /#(?:\t| {2,}| *-o\b)/y;
    let end = sample.index;
    do {
      end = lineEnd(bytes, end + 1) + 1;
      own.lastIndex = end;
    } while (own.test(bytes));
    return boundary(bytes, Math.min(end, bytes.length));
  }
  return bytes.length;
}
