import type { HardenMailError } from '../../model/errors.ts';
import type { Bytes } from '../../model/index.ts';
import { join, logicalLines, placeOf, trimBlanks } from '../text/logical-lines.ts';
import type { Joined } from '../text/logical-lines.ts';
import { syntaxError } from '../syntax-error.ts';
import { splitWords } from '../text/split-words.ts';
import type { Word } from '../text/split-words.ts';

/**
 * Postfix's master.cf, lossless: the unchanged bytes, and the services found in them. Immutable: an edit returns a new tree,
 * or the same one if nothing changes.
 */
export interface MasterCf {
  readonly file: string;
  readonly bytes: Bytes;
  readonly entries: readonly Entry[];
}

/** One active entry of master.cf, as Postfix sees it. */
export interface MasterService {
  readonly name: string;
  readonly type: string;
  readonly private_: string;
  readonly unpriv: string;
  readonly chroot: string;
  readonly wakeup: string;
  readonly maxproc: string;
  /** Name of the program, the eighth column. */
  readonly command: string;
  /** The arguments, as `postconf -M` shows them: `-o` and its `name=value` are separate, without braces. */
  readonly args: readonly string[];
  readonly options: readonly Option[];
  /** Number of its first line, from 1. */
  readonly line: number;
  /** Index among the file's active entries, from 0. */
  readonly index: number;
}

export interface Option {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

/** A service and the positions of its parts in the joined text, as an edit needs them. */
export interface Entry {
  readonly service: MasterService;
  readonly joined: Joined;
  readonly words: readonly Word[];
  readonly options: readonly OptionSpan[];
  /** Index in `words` of the first one after the command and its options. */
  readonly rest: number;
  /** Why these options would keep the program from starting; null if they are well-formed. */
  readonly fault: HardenMailError | null;
}

/**
 * Position of one `-o name=value` and of its value: offsets in the joined text. `start` is at the `-`, or at the `o` if that is
 * the last of several flags (`-vo`).
 */
export interface OptionSpan {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly value: { readonly start: number; readonly end: number };
  /** Written `{ name = value }`? */
  readonly braced: boolean;
}

const TYPES = ['inet', 'unix', 'unix-dgram', 'fifo', 'pass'];
const COLUMNS = ['service', 'type', 'private', 'unpriv', 'chroot', 'wakeup', 'maxproc', 'command'];
const YES_NO = 'y, n or -';

/** Parses master.cf (master(5)). Throws CONFIG_INVALID for input that Postfix's master or postconf refuses. */
export function parseMaster(bytes: Bytes, file: string): MasterCf {
  return { file, bytes, entries: readEntries(bytes, file) };
}

/** A tree after an edit. It is parsed again only when it is read, because large files take time. */
export function editedMaster(bytes: Bytes, file: string): MasterCf {
  let entries: Entry[] | null = null;
  return {
    file,
    bytes,
    get entries() {
      return (entries ??= readEntries(bytes, file));
    },
  };
}

function readEntries(bytes: Bytes, file: string): Entry[] {
  let index = 0;
  // The first line that is wrong ends it: a million joined lines would take hundreds of megabytes.
  return logicalLines(bytes, (start, line) => readEntry(bytes, join(bytes, start, line), index++, file));
}

function readEntry(bytes: Bytes, joined: Joined, index: number, file: string): Entry {
  const fail = (offset: number, expected: string) => syntaxError({ file, ...placeOf(bytes, joined, offset), expected });
  const words = splitWords(joined.text, ' \t\r');
  const column = (number: number, expected: string, allowed: (text: string) => boolean): string => {
    const word = words[number];
    if (!word) throw fail(trimBlanks(joined.text).length, `the column "${COLUMNS[number]}": ${expected}`);
    if (!allowed(word.text)) throw fail(word.start, `in the column "${COLUMNS[number]}": ${expected}`);
    return word.text;
  };
  const yesNo = (text: string) => ['y', 'n', '-'].includes(text);
  const name = column(0, 'a service name', () => true);
  const type = column(1, `one of ${TYPES.join(', ')}`, (text) => TYPES.includes(text));
  const private_ =
    type === 'inet'
      ? column(2, 'n (an inet service cannot be private)', (text) => text === 'n')
      : column(2, YES_NO, yesNo);
  const unpriv = column(3, YES_NO, yesNo);
  const chroot = column(4, YES_NO, yesNo);
  const wakeup = column(5, 'seconds, seconds with "?", or -', (text) => /^(?:-|\d+\??)$/.test(text));
  const maxproc = column(6, 'a number or -', (text) => /^(?:-|\d+)$/.test(text));
  const command = column(7, 'the name of a program', (text) => text !== '-');
  for (const word of words.slice(8)) checkBraces(word, fail);

  const { args, options, rest, fault } = readArguments(words, fail);
  const lineOf = (offset: number) => placeOf(bytes, joined, offset).line;
  const service: MasterService = {
    name,
    type,
    private_,
    unpriv,
    chroot,
    wakeup,
    maxproc,
    command,
    args,
    options: options.map((span) => ({
      name: span.name,
      value: joined.text.slice(span.value.start, span.value.end),
      line: lineOf(span.start),
    })),
    line: lineOf(0),
    index,
  };
  return { service, joined, words, options, rest, fault };
}

type Fail = (offset: number, expected: string) => HardenMailError;

/** master reads `{ … }` only at the start of a word, and refuses an unclosed brace or text directly after the `}`. */
function checkBraces(word: Word, fail: Fail): void {
  if (!word.text.startsWith('{')) return;
  const length = balanced(word.text);
  if (length === 0) throw fail(word.start, '"}" for this "{"');
  if (length < word.text.length) throw fail(word.start + length, 'white space after "}"');
}

/** Length of the `{ … }` at the start of the text; 0 if it is not closed. */
export function balanced(text: string): number {
  let level = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') level++;
    else if (text[at] === '}' && --level === 0) return at + 1;
  }
  return 0;
}

/**
 * Parses the arguments after the command. Options end at `--` or at the first other word (`-o a=b, c` ends them at `c`);
 * `-vo x=y` and `-ox=y` are read as `-v -o x=y` and `-o x=y`.
 */
function readArguments(words: readonly Word[], fail: Fail) {
  const args: string[] = [];
  const options: OptionSpan[] = [];
  let fault: HardenMailError | null = null;
  let at = 8;
  for (; at < words.length; at++) {
    const word = words[at];
    if (!word || !word.text.startsWith('-') || word.text === '--' || word.text === '-') break;
    const letter = word.text.indexOf('o', 1);
    if (letter < 0) {
      args.push(word.text);
      continue;
    }
    if (letter > 1) args.push(word.text.slice(0, letter));
    args.push('-o');
    const attached = letter + 1 < word.text.length;
    const argument = attached ? { text: word.text.slice(letter + 1), start: word.start + letter + 1 } : words[++at];
    if (!argument) {
      fault ??= fail(word.start + word.text.length, 'name=value after -o');
      break;
    }
    const span = readOption(argument, letter > 1 ? word.start + letter : word.start);
    if (span && !(attached && span.braced)) options.push(span);
    else fault ??= fail(argument.start, 'name=value or { name = value } after -o');
    args.push(
      span
        ? `${span.name}=${argument.text.slice(span.value.start - argument.start, span.value.end - argument.start)}`
        : argument.text,
    );
  }
  const rest = Math.min(at, words.length);
  const others = words.slice(rest).map(({ text }) => (text.startsWith('{') ? trimBlanks(text.slice(1, -1)) : text));
  return { args: args.concat(others), options, rest, fault };
}

/** The `name=value` or `{ name = value }` of an `-o`; null if it is neither. */
function readOption({ text, start }: Word, from: number): OptionSpan | null {
  const braced = text.startsWith('{');
  const inner = braced ? text.slice(1, -1) : text;
  const [head = '', name = ''] = /^[ \t\r\v\f]*([^ \t\r\v\f=]+)[ \t\r\v\f]*=[ \t\r\v\f]*/.exec(inner) ?? [];
  if (name === '') return null;
  const first = start + (braced ? 1 : 0) + head.length;
  const value = trimBlanks(inner.slice(head.length));
  return { name, start: from, end: start + text.length, value: { start: first, end: first + value.length }, braced };
}
