/**
 * Dovecot 2.3's configuration in 2.4's words. Pure: the same files give the same files. Each line that changes stands
 * where the old one stood; comments, order and all other bytes stay. What is in 2.4's words already stays as well: after an
 * upgrade the files that the admin had not touched are the new release's.
 */
import { loadDovecot, type DovecotConfig } from '../formats/dovecot/dovecot.ts';
import type { Line } from '../formats/dovecot/dovecot-lexer.ts';
import type { Bytes } from '../model/index.ts';
import { itemsOf, type Block, type Item } from './blocks.ts';
import { externalOf, externalOutcomes } from './external.ts';
import { convertBegin, isGone, withoutBraces } from './headers.ts';
import type { Converted, Scope } from './conversion.ts';
import { Names } from './default-names.ts';
import { commentedOut, replaced, spliced, type Edit } from './render.ts';
import { scopeOf } from './scope.ts';
import { convertSetting, type Aged } from './settings.ts';

/** One setting, or line that opens a block, that changes: what stood there, and what stands there now (null: nothing). */
export interface ConvertedLine {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly setting: string;
  readonly before: string;
  /** May be several lines. */
  readonly after: string | null;
}

/** A line that 2.4 has no words for. */
export interface Unconvertible {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** What the admin must do, one sentence. */
  readonly todo: string;
}

export interface Conversion {
  /** All files, by path; the same as they came where there is any `problem`. */
  readonly files: Readonly<Record<string, Bytes>>;
  readonly lines: readonly ConvertedLine[];
  readonly problems: readonly Unconvertible[];
}

/**
 * 2.4's defaults are chosen by the version that the configuration names. This one's are nearest to 2.3's, and it is what
 * Debian 13's own files say.
 */
const VERSION = '2.4.0';

/**
 * @param config of either release, or of both: after an upgrade the files that the admin had not touched are the new one's
 * @param version Dovecot's on the host, such as `2.4.1`
 * @param has which packages are installed; by default all that a setting may need
 */
export function convertDovecot(config: DovecotConfig, version: string, has: Scope['has'] = () => true): Conversion {
  const { items, top } = itemsOf(config);
  const scope = scopeOf(items, top, new Names(top), config.files, version, has);
  const outcomes: Judged[] = items.flatMap((item) => {
    const outcome = convertItem(item, scope);
    return outcome === null ? [] : [{ file: item.file, line: item.line, outcome, old: outcome.old }];
  });
  outcomes.push(...judgedExternals(scope));
  // A file without a word that only 2.3 knows is the new release's, and no business of ours.
  const old = new Set(outcomes.filter((one) => one.old).map(({ file }) => file));
  const edits = new Map<string, Map<number, Edit>>();
  const lines: ConvertedLine[] = [];
  const problems: Unconvertible[] = [];

  for (const { file, line, outcome } of outcomes) {
    if (!old.has(file)) continue;
    const bytes = config.files[file] ?? '';
    const text = bytes.slice(line.start, line.end);
    const problem = (todo: string): number => problems.push({ file, line: line.line, text: text.trim(), todo });
    if ('refuse' in outcome) {
      problem(outcome.refuse);
      continue;
    }
    const now = 'drop' in outcome ? commentedOut(text) : replaced(bytes, line, outcome.lines);
    const own = edits.get(file) ?? new Map<number, Edit>();
    const other = own.get(line.start);
    if (other !== undefined && other.text !== now) problem('include this file in one kind of block only');
    if (other === undefined && (line.kind === 'setting' || line.kind === 'begin')) {
      const after = 'drop' in outcome || outcome.lines.length === 0 ? null : outcome.lines.join('\n');
      const [setting, before] = line.kind === 'setting' ? [line.key, line.value] : [line.header, '{'];
      lines.push({ file, line: line.line, setting, before, after });
    }
    own.set(line.start, { start: line.start, end: line.end, text: now });
    edits.set(file, own);
  }
  if (problems.length > 0) return { files: config.files, lines: [], problems };
  if (edits.size === 0 && config.grammar === '2.4') return { files: config.files, lines, problems };

  const files: Record<string, Bytes> = { ...config.files };
  for (const [file, own] of edits) files[file] = spliced(config.files[file] ?? '', [...own.values()]);
  if (config.grammar !== '2.4') {
    files[config.root] = withVersions(files[config.root] ?? '');
    lines.unshift({ file: config.root, line: 1, setting: 'dovecot_config_version', before: '', after: VERSION });
  }
  // What comes out must be what 2.4 reads; a `}` too few here would be our own mistake.
  if (loadDovecot(files, config.root).grammar !== '2.4') throw new Error('the conversion did not come to its end');
  return { files, lines, problems };
}

interface Judged {
  readonly file: string;
  readonly line: Line;
  readonly outcome: Converted;
  readonly old: boolean;
}

/** The lines of the files that databases name, each file once. */
function judgedExternals(scope: Scope): Judged[] {
  const { blocks, files } = scope;
  const named = new Map(
    [...blocks('passdb'), ...blocks('userdb')].flatMap((block) => {
      const external = externalOf(block);
      return external === null ? [] : [[external.path, external.kind] as const];
    }),
  );
  return [...named].flatMap(([file, kind]) =>
    externalOutcomes(kind, files[file] ?? '', scope).map(({ line, outcome }) => ({ file, line, outcome, old: true })),
  );
}

function convertItem(item: Item, scope: Scope): Aged | null {
  const { line, block } = item;
  if (line.kind === 'skip' || line.kind === 'include') return null;
  if (line.kind === 'open') return { refuse: "take the '\\' at the end of this file away", old: false };
  if (inGone(block)) return { drop: true, old: true };
  if (line.kind === 'begin') return aged(convertBegin(block, scope));
  if (line.kind === 'end') return block.type === 'plugin' ? aged(withoutBraces(block)) : null;
  return line.kind === 'setting' ? convertSetting(item.file, line, block, scope) : null;
}

const aged = (outcome: Converted | null): Aged | null => outcome && { ...outcome, old: true };

function inGone(block: Block): boolean {
  return isGone(block) || (block.parent !== null && inGone(block.parent));
}

/** The two settings that have to come first, above the comment that belongs to the first line. */
function withVersions(bytes: Bytes): Bytes {
  const eol = bytes.includes('\r\n') ? '\r\n' : '\n';
  const all = bytes.split('\n');
  let at = all.findIndex((line) => /^\s*[^#\s]/.test(line));
  if (at < 0) at = all.length - 1;
  while (at > 0 && /^\s*#/.test(all[at - 1] ?? '')) at--;
  const head = [`dovecot_config_version = ${VERSION}`, `dovecot_storage_version = ${VERSION}`, ''];
  const before = all.slice(0, at).map((line) => `${line}\n`);
  return before.join('') + head.map((line) => line + eol).join('') + all.slice(at).join('\n');
}
