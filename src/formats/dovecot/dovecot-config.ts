/**
 * The whole configuration as the daemon reads it: one stream of logical lines through all included files, in order.
 * A block may begin in one file and end in another, so there is no tree per file: each line has its section, and the sections
 * form one tree for all files.
 */
import { HardenMailError } from '../../model/errors.ts';
import type { Bytes } from '../../model/index.ts';
import { globPaths, normalise, resolvePath } from './dovecot-glob.ts';
import { lexDovecot } from './dovecot-lexer.ts';
import type { Line } from './dovecot-lexer.ts';
import type { Grammar } from './dovecot-line.ts';
import { EXPANDED_AT_MOST, enter, misplaced, newSection, record } from './dovecot-tree.ts';
import type { Section } from './dovecot-tree.ts';
import { syntaxError } from '../syntax-error.ts';

type Files = Readonly<Record<string, Bytes>>;

/** A logical line with the sections before and after it (they differ at `{` and `}`). */
export interface Placed {
  readonly line: Line;
  readonly before: Section;
  readonly after: Section;
}

/** One reading of one file: a file that is included twice has two readings. */
export interface Reading {
  readonly file: string;
  readonly base: Section;
  readonly lines: readonly Placed[];
}

export interface DovecotConfig {
  readonly files: Files;
  /** Path of the first file. */
  readonly root: string;
  readonly grammar: Grammar;
  /** In the order in which the daemon opens them. */
  readonly readings: readonly Reading[];
  readonly top: Section;
}

/** Files that include one another several times double the text with each level: real configurations have a hundred files. */
const MOST_READINGS = 5000;
/** Each `!include` is matched against the names of all files: real configurations have ten lines of them. */
const MOST_INCLUDES = 5000;
/** Blocks inside one another: real configurations have four. */
const DEEPEST = 100;
const LARGEST = 32 << 20;

/** A file on the daemon's stack of inputs. The daemon opens it when it needs the first line. */
interface Cursor {
  readonly file: string;
  lines: Iterator<Line> | null;
  reading: { file: string; base: Section; lines: Placed[] } | null;
}

/**
 * Parses `root` and all files that it includes. `files` maps the path of every file that may be included to its bytes; globs match
 * against its keys. The grammar is that of 2.4 if the first setting is `dovecot_config_version`, as 2.4 requires.
 *
 * @throws CONFIG_INVALID with file, line and column for input that the daemon refuses: bad syntax, a missing or additional `}`,
 * an `!include` of a missing file, a file that includes itself
 */
export function loadDovecot(files: Files, root: string): DovecotConfig {
  if (files[root] === undefined) {
    throw new HardenMailError('CONFIG_INVALID', `${root} does not exist`, 'Is dovecot-core installed? Reinstall it.');
  }
  const grammar = grammarOf(files[root]);
  const paths = Object.keys(files);
  const top = newSection();
  const readings: Reading[] = [];
  const opened: { file: string; line: Line }[] = [];
  const stack: Cursor[] = [{ file: root, lines: null, reading: null }];
  const allowance = { left: EXPANDED_AT_MOST };
  let section = top;
  let carry = '';
  let order = 0;
  let size = 0;
  let includes = 0;

  while (stack.length > 0) {
    const cursor = stack.at(-1)!;
    const { file } = cursor;
    if (cursor.reading === null) {
      readings.push((cursor.reading = { file, base: section, lines: [] }));
      size += files[file]!.length;
    }
    const line = nextLine(cursor, files[file]!, grammar, carry);
    if (line === null) {
      stack.pop();
      continue;
    }
    carry = '';
    const before = section;
    if (line.start === 0 && files[file]!.startsWith('\xef\xbb\xbf')) {
      throw refusal(files, file, line, 0, 'no byte order mark, which Dovecot reads as part of the first word');
    } else if (line.kind === 'begin') {
      const instead = misplaced(section, line.header);
      if (instead !== null) throw refusal(files, file, line, line.start, instead);
      if (opened.length >= DEEPEST) throw refusal(files, file, line, line.start, 'fewer blocks inside one another');
      section = enter(section, line.header, line.named);
      opened.push({ file, line });
    } else if (line.kind === 'end') {
      if (section.parent === null)
        throw refusal(files, file, line, line.start, "a setting or a block: this '}' closes nothing");
      section = section.parent;
      opened.pop();
    } else if (line.kind === 'setting') {
      if (line.key.split('/').length > DEEPEST)
        throw refusal(files, file, line, line.start, 'a setting in fewer blocks');
      record(section, line, file, order++, grammar, allowance);
    } else if (line.kind === 'include') {
      const isTooMuch = readings.length > MOST_READINGS || size > LARGEST;
      if (isTooMuch)
        throw refusal(files, file, line, line.at, 'fewer includes: the files are included again and again');
      if (++includes > MOST_INCLUDES)
        throw refusal(files, file, line, line.at, `fewer includes: there are more than ${MOST_INCLUDES}`);
      include(line, file, stack, paths, files);
    } else if (line.kind === 'open') carry = line.text;
    else if (line.kind === 'error') throw refusal(files, file, line, line.at, line.expected);
    cursor.reading.lines.push({ line, before, after: section });
  }

  const open = opened.at(-1);
  if (open) throw refusal(files, open.file, open.line, open.line.start, "a '}' that closes this block");
  return { files, root, grammar, readings, top };
}

function grammarOf(bytes: Bytes): Grammar {
  for (const line of lexDovecot(bytes, '2.4')) {
    if (line.kind !== 'skip') return line.kind === 'setting' && line.key === 'dovecot_config_version' ? '2.4' : '2.3';
  }
  return '2.3';
}

/** The next line of a file. Text that another file left open is joined to it. */
function nextLine(cursor: Cursor, bytes: Bytes, grammar: Grammar, carry: string): Line | null {
  if (cursor.lines === null && carry === '') {
    cursor.lines = linesOf(bytes, grammar);
  } else if (cursor.lines === null || carry !== '') {
    const last = cursor.reading?.lines.at(-1)?.line;
    const line = last === undefined ? 1 : last.line + newlines(bytes.slice(last.start, last.end));
    cursor.lines = lexDovecot(bytes, grammar, { offset: last?.end ?? 0, line, carry });
  }
  const next = cursor.lines.next();
  return next.done ? null : next.value;
}

/**
 * Characters of the files whose lines are kept, and of one of them: Debian's files are the same on each host, and a plan reads each a dozen
 * times. The lines need a hundred times as much memory at most.
 */
const KEPT = { together: 1 << 18, each: 1 << 15 };

const known: Record<Grammar, Map<Bytes, readonly Line[]>> = { '2.3': new Map(), '2.4': new Map() };
let kept = 0;

/** The lines of a whole file. */
function linesOf(bytes: Bytes, grammar: Grammar): Iterator<Line> {
  if (bytes.length > KEPT.each) return lexDovecot(bytes, grammar);
  const before = known[grammar].get(bytes);
  if (before) return before.values();
  if (kept + bytes.length > KEPT.together) {
    for (const files of Object.values(known)) files.clear();
    kept = 0;
  }
  kept += bytes.length;
  const lines = [...lexDovecot(bytes, grammar)];
  known[grammar].set(bytes, lines);
  return lines.values();
}

const newlines = (text: string): number => text.split('\n').length - 1;

function include(
  line: Line & { kind: 'include' },
  file: string,
  stack: Cursor[],
  paths: readonly string[],
  files: Files,
): void {
  const pattern = resolvePath(line.pattern, file);
  const found = globPaths(pattern, paths);
  if (found === null)
    throw refusal(files, file, line, line.at, 'a pattern with fewer braces: this one stands for too many files');
  if (found.length === 0 && !line.optional) {
    throw refusal(files, file, line, line.at, `an existing file: nothing matches ${normalise(pattern)}`);
  }
  // Pushed last to first. The daemon also counts a file that still waits on the stack as being included.
  for (const path of found.reverse()) {
    if (stack.some((cursor) => cursor.file === path)) {
      throw refusal(files, file, line, line.at, `another file: ${path} is being included already`);
    }
    stack.push({ file: path, lines: null, reading: null });
  }
}

function refusal(files: Files, file: string, line: Line, at: number, expected: string): HardenMailError {
  const bytes = files[file]!;
  let offset = at < 0 ? line.start : at;
  while (bytes[offset] === ' ' || bytes[offset] === '\t') offset++;
  const start = offset === 0 ? 0 : bytes.lastIndexOf('\n', offset - 1) + 1;
  const end = bytes.indexOf('\n', offset);
  const number = line.line + newlines(bytes.slice(line.start, start));
  const source = bytes.slice(start, end < 0 ? bytes.length : end);
  return syntaxError({ file, line: number, column: offset - start + 1, source, expected });
}
