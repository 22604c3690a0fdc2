/**
 * The whole configuration as the daemon reads it: one stream of logical lines through every included file, in order.
 * Blocks may begin in one file and end in another, and blocks of one name merge, so what comes out is one tree of
 * sections for lookups, and beside it, for edits, each file's lines with the section that each stands in.
 */
import { HardenMailError } from '../errors.ts';
import type { Bytes } from '../model.ts';
import { globPaths, normalise, resolvePath } from './dovecot-glob.ts';
import { lexDovecot } from './dovecot-lexer.ts';
import type { Line, Resume, Setting } from './dovecot-lexer.ts';
import type { Grammar } from './dovecot-line.ts';
import { syntaxError } from './syntax-error.ts';

/** One setting in the place where the daemon read it. */
export interface Occurrence {
  readonly setting: Setting;
  readonly file: string;
}

/** A block, merged from all its occurrences. The root has an empty header and no parent. */
export interface Section {
  readonly header: string;
  readonly named: boolean;
  readonly parent: Section | null;
  readonly sections: Map<string, Section>;
  /** By key, in the daemon's order: the last one wins. */
  readonly settings: Map<string, Occurrence[]>;
}

/** A logical line and the sections before and behind it (they differ at `{` and `}`). */
export interface Placed {
  readonly line: Line;
  readonly before: Section;
  readonly after: Section;
}

/** One reading of one file: a file that is included twice is read twice. */
export interface Reading {
  readonly file: string;
  readonly base: Section;
  readonly lines: readonly Placed[];
}

export interface DovecotConfig {
  readonly files: Readonly<Record<string, Bytes>>;
  /** Path of the first file. */
  readonly root: string;
  readonly grammar: Grammar;
  /** In the order in which the daemon opens them. */
  readonly readings: readonly Reading[];
  readonly top: Section;
}

/** A file on the daemon's stack of inputs; it is lexed when its first line is wanted. */
interface Cursor {
  readonly file: string;
  lines: readonly Line[] | null;
  next: number;
  reading: { file: string; base: Section; lines: Placed[] } | null;
}

/**
 * Reads `root` and all that it includes. `files` maps path → bytes of everything that may be included; globs are matched
 * against its keys. The grammar is 2.4's where the first setting is `dovecot_config_version`, as 2.4 demands it.
 *
 * Throws CONFIG_INVALID with file, line and column for what the daemon refuses: syntax, a `}` too many or too few,
 * an `!include` of a file that is not there, a file that includes itself.
 */
export function loadDovecot(files: Readonly<Record<string, Bytes>>, root: string): DovecotConfig {
  const bytes = files[root];
  if (bytes === undefined) {
    throw new HardenMailError(
      'CONFIG_INVALID',
      `${root} is not there`,
      'Is Dovecot installed? Reinstall dovecot-core.',
    );
  }
  const grammar = grammarOf(bytes);
  const paths = Object.keys(files);
  const top = newSection('', false, null);
  const readings: Reading[] = [];
  const opened: { file: string; line: Line }[] = [];
  const stack: Cursor[] = [{ file: root, lines: null, next: 0, reading: null }];
  let section = top;
  let carry = '';

  while (stack.length > 0) {
    const cursor = stack.at(-1)!;
    const lines = linesOf(cursor, files, grammar, carry);
    carry = '';
    if (cursor.reading === null) {
      cursor.reading = { file: cursor.file, base: section, lines: [] };
      readings.push(cursor.reading);
    }
    const line = lines[cursor.next++];
    if (line === undefined) {
      stack.pop();
      continue;
    }
    const before = section;
    const refuse = (at: number, expected: string): HardenMailError =>
      refusal(files[cursor.file]!, cursor.file, line, at, expected);

    switch (line.kind) {
      case 'begin':
        section = child(section, line.header, line.named);
        opened.push({ file: cursor.file, line });
        break;
      case 'end':
        if (section.parent === null) throw refuse(line.start, "a setting or a block: this '}' closes nothing");
        section = section.parent;
        opened.pop();
        break;
      case 'setting':
        record(section, line, cursor.file, grammar);
        break;
      case 'include':
        include(line, cursor, stack, paths, refuse);
        break;
      case 'open':
        carry = line.text;
        break;
      case 'error':
        throw refuse(line.at, line.expected);
      case 'skip':
    }
    cursor.reading.lines.push({ line, before, after: section });
  }

  const unclosed = opened.at(-1);
  if (unclosed !== undefined) {
    const { file, line } = unclosed;
    throw refusal(files[file]!, file, line, line.start, "a '}' further down: this block is never closed");
  }
  return { files, root, grammar, readings, top };
}

/** The child of a section, made when it is not there: blocks with the same header are one. */
function child(parent: Section, header: string, named: boolean): Section {
  let section = parent.sections.get(header);
  if (section === undefined) {
    section = newSection(header, named, parent);
    parent.sections.set(header, section);
  }
  return section;
}

function newSection(header: string, named: boolean, parent: Section | null): Section {
  return { header, named, parent, sections: new Map(), settings: new Map() };
}

function record(section: Section, setting: Setting, file: string, grammar: Grammar): void {
  const [owner, key] = grammar === '2.4' ? ownerOf(section, setting.key) : [section, setting.key];
  const occurrences = owner.settings.get(key);
  if (occurrences === undefined) owner.settings.set(key, [{ setting, file }]);
  else occurrences.push({ setting, file });
}

/**
 * In 2.4 a setting has several spellings: `ssl_server { cert_file }` and `ssl_server { ssl_server_cert_file }` are
 * `ssl_server_cert_file` outside of it, and `unix_listener x { unix_listener_mode }` is `unix_listener x { mode }`.
 * All are kept under one: the full name outside of nameless blocks, the short one inside of named ones.
 */
function ownerOf(section: Section, key: string): [Section, string] {
  while (section.parent !== null && !section.named) {
    key = withPrefix(section.header, key);
    section = section.parent;
  }
  return [section, section.parent === null ? key : withoutPrefix(section.header, key)];
}

/** The same for a path: section headers, then the key. */
export function canonicalPath(path: readonly string[], grammar: Grammar): string[] {
  const headers = path.slice(0, -1);
  let key = path.at(-1) ?? '';
  if (grammar === '2.4') {
    while (headers.length > 0 && !headers.at(-1)!.includes(' ')) key = withPrefix(headers.pop()!, key);
    const header = headers.at(-1);
    if (header !== undefined) key = withoutPrefix(header, key);
  }
  return [...headers, key];
}

const withPrefix = (type: string, key: string): string => (key.startsWith(`${type}_`) ? key : `${type}_${key}`);

function withoutPrefix(header: string, key: string): string {
  const type = header.slice(0, header.indexOf(' '));
  return key.startsWith(`${type}_`) ? key.slice(type.length + 1) : key;
}

/** The section that headers lead to, or null where no such block was read. */
export function sectionAt(config: DovecotConfig, headers: readonly string[]): Section | null {
  let section: Section | undefined = config.top;
  for (const header of headers) section = section?.sections.get(header);
  return section ?? null;
}

/** Every occurrence of a setting, in the daemon's order: the last one wins. */
export function occurrencesOf(config: DovecotConfig, path: readonly string[]): readonly Occurrence[] {
  const canonical = canonicalPath(path, config.grammar);
  const key = canonical.pop() ?? '';
  return sectionAt(config, canonical)?.settings.get(key) ?? [];
}

function grammarOf(bytes: Bytes): Grammar {
  for (const line of lexDovecot(bytes.slice(0, 100_000), '2.4')) {
    if (line.kind === 'skip') continue;
    return line.kind === 'setting' && line.key === 'dovecot_config_version' ? '2.4' : '2.3';
  }
  return '2.3';
}

/** The file's lines; lexed anew from the cursor on when another file left text open. */
function linesOf(
  cursor: Cursor,
  files: Readonly<Record<string, Bytes>>,
  grammar: Grammar,
  carry: string,
): readonly Line[] {
  if (cursor.lines === null || carry !== '') {
    const last = cursor.lines?.[cursor.next - 1];
    const from: Resume = { offset: last?.end ?? 0, line: 1, carry };
    cursor.lines = [
      ...(cursor.lines?.slice(0, cursor.next) ?? []),
      ...lexDovecot(files[cursor.file]!, grammar, {
        ...from,
        line: last === undefined ? 1 : lineAfter(files[cursor.file]!, last),
      }),
    ];
  }
  return cursor.lines;
}

/** Number of the physical line that follows a logical one. */
function lineAfter(bytes: Bytes, line: Line): number {
  return line.line + bytes.slice(line.start, line.end).split('\n').length - 1;
}

function include(
  line: Line & { kind: 'include' },
  cursor: Cursor,
  stack: Cursor[],
  paths: readonly string[],
  refuse: (at: number, expected: string) => HardenMailError,
): void {
  const found = globPaths(resolvePath(line.pattern, cursor.file), paths);
  if (found.length === 0 && !line.optional) {
    throw refuse(line.at, `an existing file: nothing matches ${normalise(resolvePath(line.pattern, cursor.file))}`);
  }
  // Pushed last to first. As in the daemon, a file still waiting on the stack counts as being included already.
  for (const file of found.reverse()) {
    if (stack.some((open) => open.file === file))
      throw refuse(line.at, `another file: ${file} is already being included`);
    stack.push({ file, lines: null, next: 0, reading: null });
  }
}

function refusal(bytes: Bytes, file: string, line: Line, at: number, expected: string): HardenMailError {
  const offset = at < 0 ? line.start : at;
  const start = offset === 0 ? 0 : bytes.lastIndexOf('\n', offset - 1) + 1;
  const end = bytes.indexOf('\n', offset);
  const number = line.line + bytes.slice(line.start, start).split('\n').length - 1;
  const source = bytes.slice(start, end < 0 ? bytes.length : end);
  return syntaxError({ file, line: number, column: offset - start + 1, source, expected });
}
