/**
 * Converts Dovecot 2.3's configuration to 2.4 syntax. Pure: the same files give the same files. Each changed line stays where
 * the old one was; comments, order and all other bytes stay. Files in 2.4 syntax stay too: after an upgrade the files that the
 * admin had not edited are the new release's.
 */
import { loadDovecot, type DovecotConfig } from '../formats/dovecot/dovecot.ts';
import type { Line } from '../formats/dovecot/dovecot-lexer.ts';
import { satisfies } from '../formats/versions.ts';
import type { Bytes } from '../model/index.ts';
import { itemsOf, own, type Block, type Item } from './blocks.ts';
import { dictFile } from './dictionary.ts';
import { dictFileOutcomes, externalOf, externalOutcomes } from './external.ts';
import { convertBegin, isGone, withoutBraces } from './headers.ts';
import { nested, orRefused, type Converted, type ConvertedLine, type Scope } from './conversion.ts';
import { Names } from './default-names.ts';
import { asBeforeTheUpgrade } from './package-files.ts';
import { commentedOut, replaced, spliced, type Edit } from './render.ts';
import { scopeOf } from './scope.ts';
import { ruledMailboxes } from './ruled-mailboxes.ts';
import { convertSetting, type Aged } from './settings.ts';

/** A line that cannot be converted to 2.4. */
export interface Unconvertible {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** The task for the admin, one sentence. */
  readonly todo: string;
}

export type { ConvertedLine } from './conversion.ts';

export interface Conversion {
  /** All files, by path; unchanged if there is any `problem`. */
  readonly files: Readonly<Record<string, Bytes>>;
  readonly lines: readonly ConvertedLine[];
  readonly problems: readonly Unconvertible[];
}

/**
 * The version in the configuration selects 2.4's defaults. Those of this version are the nearest to 2.3's, and Debian 13's own
 * files name it.
 */
const VERSION = '2.4.0';

/**
 * @param config of either release, or of both: after an upgrade the files that the admin had not edited are the new release's
 * @param version Dovecot's version on the host, such as `2.4.1`
 * @param host which packages are installed, default: all that a setting may need; and the fields of single users in passwd-files, default: none
 */
export function convertDovecot(
  config: DovecotConfig,
  version: string,
  host: Partial<Pick<Scope, 'has' | 'userFields'>> = {},
): Conversion {
  const found = convertFiles(config, version, host);
  const isUpgraded = found.lines.length + found.problems.length > 0;
  const before = asBeforeTheUpgrade(
    config.files,
    (path) => config.readings.some(({ file }) => file === path),
    isUpgraded,
  );
  if (before === null) return found;
  const { files, lines, problems } = convertFiles(loadDovecot(before.files, config.root), version, host);
  return problems.length > 0
    ? { files: config.files, lines: [], problems }
    : { files, lines: [...lines, ...before.lines], problems };
}

function convertFiles(
  config: DovecotConfig,
  version: string,
  { has = () => true, userFields = () => [] }: Partial<Pick<Scope, 'has' | 'userFields'>>,
): Conversion {
  const { items, top } = itemsOf(config);
  const scope = scopeOf(items, top, new Names(top), config.files, version, config.grammar !== '2.4', {
    has,
    userFields,
  });
  const outcomes: Judged[] = items.flatMap((item) => {
    const outcome = convertItem(item, scope);
    return outcome === null ? [] : [{ file: item.file, line: item.line, outcome, old: outcome.old }];
  });
  outcomes.push(...judgedExternals(scope));
  // A file without any 2.3-only setting is the new release's: do not touch it.
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
    const changed = edits.get(file) ?? new Map<number, Edit>();
    const other = changed.get(line.start);
    if (other !== undefined && other.text !== now) problem('include this file in one kind of block only');
    if (other === undefined && (line.kind === 'setting' || line.kind === 'begin')) {
      const after = 'drop' in outcome || outcome.lines.length === 0 ? null : outcome.lines.join('\n');
      const [setting, before] = line.kind === 'setting' ? [line.key, line.value] : [line.header, '{'];
      const why = 'drop' in outcome ? outcome.why : undefined;
      lines.push({ file, line: line.line, setting, before, after, ...(why !== undefined && { why }) });
    }
    changed.set(line.start, { start: line.start, end: line.end, text: now });
    edits.set(file, changed);
  }
  if (problems.length > 0) return { files: config.files, lines: [], problems };
  if (edits.size === 0 && config.grammar === '2.4') return { files: config.files, lines, problems };

  const files: Record<string, Bytes> = { ...config.files };
  for (const [file, changed] of edits) files[file] = spliced(config.files[file] ?? '', [...changed.values()]);
  const beside = [...changedDefaults(scope), ...withoutSubmissions(scope, items), ...ruledMailboxes(scope)];
  if (config.grammar === '2.4') {
    // The upgrade has replaced Dovecot's first file; a file of the administrator's takes what 2.3 did by itself.
    const its = items.find(({ file, block }) => block === top && edits.has(file))?.file;
    if (its !== undefined) files[its] = withTail(files[its] ?? '', beside);
  } else {
    files[config.root] = withHead(files[config.root] ?? '', [...VERSIONS, ...beside]);
    lines.unshift({ file: config.root, line: 1, setting: 'dovecot_config_version', before: '', after: VERSION });
  }
  // The result must be valid 2.4 syntax; a missing `}` would be a bug in the conversion.
  if (loadDovecot(files, config.root).grammar !== '2.4')
    throw new Error('the conversion left files that are not in 2.4 syntax');
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
  const dictionaries = new Map(
    blocks('dict').flatMap(({ settings }) =>
      settings.flatMap(({ line }) => {
        const found = dictFile(line.value);
        return found === null ? [] : [[found.path, found.driver] as const];
      }),
    ),
  );
  return [
    ...[...named].map(([file, kind]) => ({ file, found: externalOutcomes(kind, files[file] ?? '', scope) })),
    ...[...dictionaries].map(([file, driver]) => ({ file, found: dictFileOutcomes(driver, files[file] ?? '') })),
  ].flatMap(({ file, found }) => found.map(({ line, outcome }) => ({ file, line, outcome, old: true })));
}

function convertItem(item: Item, scope: Scope): Aged | null {
  const { line, block } = item;
  if (line.kind === 'skip' || line.kind === 'include') return null;
  if (line.kind === 'open') return { refuse: "remove the '\\' at the end of this file", old: false };
  if (inGone(block)) return { drop: true, old: true };
  if (line.kind === 'begin') return aged(convertBegin(block, scope));
  if (line.kind === 'end') return block.type === 'plugin' ? aged(withoutBraces(block)) : null;
  if (line.kind !== 'setting') return null;
  const found = orRefused(() => convertSetting(item.file, line, block, scope));
  return found === null || 'old' in found ? found : { ...found, old: true };
}

const aged = (outcome: Converted | null): Aged | null => outcome && { ...outcome, old: true };

function inGone(block: Block): boolean {
  return isGone(block) || (block.parent !== null && inGone(block.parent));
}

/** The two settings that must come first. */
const VERSIONS = [`dovecot_config_version = ${VERSION}`, `dovecot_storage_version = ${VERSION}`];

/**
 * 2.3 listened for submission on 587 only; 2.4 also on 465, which may be Postfix's: then Dovecot does not start. The service may be switched on in a
 * file of the packages.
 */
function withoutSubmissions({ blocks }: Scope, items: readonly Item[]): string[] {
  const isOn = items.some(
    ({ line, block }) =>
      line.kind === 'setting' &&
      (line.key === 'protocols'
        ? /\bsubmission\b/.test(line.value)
        : block.type === 'protocols' && line.key === 'submission'),
  );
  const said = blocks('inet_listener').some(
    (block) => block.name === 'submissions' && block.parent?.name === 'submission-login' && own(block, 'port') !== null,
  );
  return isOn && !said ? nested('service submission-login', nested('inet_listener submissions', ['port = 0'])) : [];
}

/**
 * 2.3's defaults that the daemons of later versions replace, whatever dovecot_config_version says: since 2.4.2 a session adds `$HasAttachment` or
 * `$HasNoAttachment` to each mail that it reads.
 */
function changedDefaults({ version, global }: Scope): string[] {
  return satisfies(version, '>=2.4.2') && global('mail_attachment_detection_options') === null
    ? ['mail_attachment_detection_options =']
    : [];
}

const eolOf = (bytes: Bytes): string => (bytes.includes('\r\n') ? '\r\n' : '\n');

function withTail(bytes: Bytes, settings: readonly string[]): Bytes {
  if (settings.length === 0) return bytes;
  const eol = eolOf(bytes);
  return bytes + (bytes === '' || bytes.endsWith('\n') ? '' : eol) + settings.map((line) => line + eol).join('');
}

/** Adds settings above the comment that belongs to the first line. */
function withHead(bytes: Bytes, settings: readonly string[]): Bytes {
  const eol = eolOf(bytes);
  const all = bytes.split('\n');
  let at = all.findIndex((line) => /^\s*[^#\s]/.test(line));
  if (at < 0) at = all.length - 1;
  while (at > 0 && /^\s*#/.test(all[at - 1] ?? '')) at--;
  const before = all.slice(0, at).map((line) => `${line}\n`);
  return before.join('') + [...settings, ''].map((line) => line + eol).join('') + all.slice(at).join('\n');
}
