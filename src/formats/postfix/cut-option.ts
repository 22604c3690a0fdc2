/** Options of master.cf that a blank cuts: `-o name=a, b` ends at `a,`, and the program does not start with what is left. */
import { editLogical } from '../text/line-edits.ts';
import { activeServices } from './master-cf.ts';
import { isBalanced, optionText } from './master-cf-edit.ts';
import { editedMaster, type Entry, type MasterCf, type OptionSpan, type MasterService } from './service-entry.ts';

export interface CutOption {
  readonly service: MasterService;
  /** The first word that is no option: the program ends over it. */
  readonly word: string;
  /** The option that it belongs to, with its whole value; null where that cannot be told. */
  readonly option: {
    readonly name: string;
    readonly cut: string;
    readonly whole: string;
    readonly line: number;
  } | null;
}

/** Programs of Postfix that take options and nothing else. pipe and spawn take words; what others take is not known. */
const WORDLESS = /^(smtpd|smtp|lmtp|cleanup|postscreen|o?qmgr|local|virtual|trivial-rewrite|pickup|proxymap|tlsproxy|error|discard|verify)$/; // oxfmt-ignore

/** Every active service with a word that is no option. */
export function cutOptions(cf: MasterCf): CutOption[] {
  const active = new Set(activeServices(cf));
  return cf.entries.flatMap((entry) => (active.has(entry.service) ? cutIn(entry) : []));
}

/** Writes the whole value as one option: `-o { name = a, b }`. Null where the value cannot be told. */
export function joinOption(cf: MasterCf, { name, type }: MasterService): MasterCf | null {
  const entry = cf.entries.findLast(({ service }) => service.name === name && service.type === type);
  const found = entry && joinable(entry);
  if (!found) return null;
  const { span, end, whole } = found;
  const flag = entry.joined.text[span.start] === '-' ? '-o' : 'o';
  const text = `${flag} ${optionText(span.name, whole)}`;
  return editedMaster(editLogical(cf.bytes, entry.joined, [{ start: span.start, end, text }]), cf.file);
}

function cutIn(entry: Entry): CutOption[] {
  const { service, words, rest } = entry;
  const word = words[rest];
  if (!word || !WORDLESS.test(service.command)) return [];
  const found = joinable(entry);
  const line = service.options.at(-1)?.line ?? service.line;
  const option = found && { name: found.span.name, cut: valueOf(entry, found.span), whole: found.whole, line };
  return [{ service, word: word.text, option }];
}

/** The words from the last option on that its value is made of: up to the next option, or the end. */
function joinable(entry: Entry): { span: OptionSpan; end: number; whole: string } | null {
  const { service, words, rest, options, fault } = entry;
  const span = options.at(-1);
  const before = words[rest - 1];
  if (fault || !span || span.braced || !before || !WORDLESS.test(service.command)) return null;
  if (span.end !== before.start + before.text.length) return null;
  const next = words.findIndex(({ text }, at) => at >= rest && text.startsWith('-'));
  const tail = words.slice(rest, next < 0 ? words.length : next);
  const last = tail.at(-1);
  const pieces = [valueOf(entry, span), ...tail.map(({ text }) => text)];
  if (!last || !pieces.slice(1).every((piece, at) => belongs(span.name, pieces[at] ?? '', piece))) return null;
  const whole = pieces.filter(Boolean).join(' ');
  return isBalanced(whole) ? { span, end: last.start + last.text.length, whole } : null;
}

/** Is this word a part of the value? A comma says so, and so does a list of restrictions. `-o a=b c=d` lacks an `-o`. */
function belongs(name: string, before: string, word: string): boolean {
  if (before === '' || before.endsWith(',') || word.startsWith(',')) return true;
  return name.endsWith('_restrictions') && !word.includes('=');
}

function valueOf({ joined }: Entry, { value }: OptionSpan): string {
  return joined.text.slice(value.start, value.end);
}
