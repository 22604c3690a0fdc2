/** Edits of Dovecot's configuration: only the bytes of the touched logical lines change. */
import { HardenMailError } from '../errors.ts';
import type { Bytes } from '../model.ts';
import { loadDovecot, occurrencesOf, sectionAt } from './dovecot-config.ts';
import type { DovecotConfig, Occurrence, Placed, Reading, Section } from './dovecot-config.ts';
import { sampleOf } from './dovecot-sample.ts';

export interface Edited {
  readonly config: DovecotConfig;
  /** Where the setting stands now; `line` counts from 1. */
  readonly file: string;
  readonly line: number;
}

/**
 * Sets a value where it has effect. The occurrence that wins is edited in place: spacing and a comment behind it stay.
 * A setting that stands nowhere is added to `home`: under its commented-out sample, else at the end of its block there;
 * blocks that are missing are made, under their own sample or at the end.
 *
 * Where the daemon does not read `home`, the root file takes its place: it is the one that is always read.
 * Throws CONFIG_CONFLICT rather than make a change that would not have the wanted effect.
 */
export function setDovecot(config: DovecotConfig, path: readonly string[], value: string, home: string): Edited {
  const winner = occurrencesOf(config, path).at(-1);
  if (winner !== undefined && means(winner, value)) return { config, file: winner.file, line: winner.setting.line };
  const edited =
    winner === undefined
      ? insert(config, path, value, home)
      : splice(config, winner.file, winner.setting.valueStart, winner.setting.valueEnd, spaced(config, winner, value));
  const now = occurrencesOf(edited, path).at(-1);
  if (now === undefined || !means(now, value)) throw conflict(path, value);
  return { config: edited, file: now.file, line: now.setting.line };
}

/** Takes every occurrence away, whole logical lines with the comments behind them. */
export function removeDovecot(config: DovecotConfig, path: readonly string[]): DovecotConfig {
  const last = occurrencesOf(config, path).at(-1);
  if (last === undefined) return config;
  return removeDovecot(splice(config, last.file, last.setting.start, last.setting.end, ''), path);
}

/** Does the occurrence say just this? A quoted `<` or `$` is a plain character, an unquoted one is not. */
function means({ setting }: Occurrence, value: string): boolean {
  return setting.value === value && (setting.form === 'quoted' ? !isLive(value) : true);
}

const isLive = (value: string): boolean => value.startsWith('<') || value.includes('$');

/** The value as it must be written: bare where that is read back the same, else in double quotes. */
function written(value: string): string {
  const bare = !/[#"'\\\n]|^\s|\s$/.test(value);
  if (bare) return value;
  if (isLive(value) || value.includes('\n')) {
    throw new HardenMailError(
      'CONFIG_INVALID',
      `Dovecot's grammar has no way to write ${JSON.stringify(value)}`,
      'Choose another value.',
    );
  }
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** A space goes before the value where `key =` ends without one. */
function spaced(config: DovecotConfig, { file, setting }: Occurrence, value: string): string {
  const before = config.files[file]![setting.valueStart - 1];
  return (before === '=' && setting.value === '' && value !== '' ? ' ' : '') + written(value);
}

function conflict(path: readonly string[], value: string): HardenMailError {
  return new HardenMailError(
    'CONFIG_CONFLICT',
    `${path.join(' / ')} cannot be set to ${value} so that it has effect`,
    'Set it by hand, see `doveconf -n`, then run again.',
  );
}

function splice(config: DovecotConfig, file: string, start: number, end: number, text: Bytes): DovecotConfig {
  if (start < 0) {
    throw new HardenMailError(
      'CONFIG_CONFLICT',
      `a setting that begins in another file ends in ${file}`,
      "Mend the '\\' at the end of the file before it, then run again.",
    );
  }
  const bytes = config.files[file]!;
  return loadDovecot({ ...config.files, [file]: bytes.slice(0, start) + text + bytes.slice(end) }, config.root);
}

// ── adding ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function insert(config: DovecotConfig, path: readonly string[], value: string, home: string): DovecotConfig {
  const headers = path.slice(0, -1);
  const { reading, depth } = placeFor(config, headers, home);
  const section = sectionAt(config, headers.slice(0, depth))!;
  const missing = headers.slice(depth);
  const key = path.at(-1)!;
  const sample =
    missing.length === 0
      ? sampleOf(reading, section, 'setting', key, config.grammar)
      : sampleOf(reading, section, 'begin', missing[0]!, config.grammar);
  const at = sample >= 0 ? sample + 1 : endOf(reading, section);

  const bytes = config.files[reading.file]!;
  const indent = indentIn(bytes, reading, section, at);
  const unit = indent.includes('\t') ? '\t' : '  ';
  const texts = [
    ...missing.map((header, i) => unit.repeat(i) + openBlock(header)),
    `${unit.repeat(missing.length)}${key} = ${written(value)}`,
    ...missing.map((_, i) => unit.repeat(missing.length - 1 - i) + '}'),
  ];
  const offset = at === 0 ? (reading.lines[0]?.line.start ?? 0) : reading.lines[at - 1]!.line.end;
  const eol = /\r?\n/.exec(bytes)?.[0] ?? '\n';
  const head = offset > 0 && bytes[offset - 1] !== '\n' ? eol : '';
  return splice(config, reading.file, offset, offset, head + texts.map((text) => indent + text + eol).join(''));
}

/** The reading of `home` that holds most of the wanted blocks, and how many of them. The root file is the last resort. */
function placeFor(
  config: DovecotConfig,
  headers: readonly string[],
  home: string,
): { reading: Reading; depth: number } {
  for (const file of [home, config.root]) {
    let best: { reading: Reading; depth: number } | null = null;
    for (const reading of config.readings) {
      if (reading.file !== file) continue;
      const depth = depthIn(config, reading, headers);
      if (depth >= 0 && (best === null || depth > best.depth)) best = { reading, depth };
    }
    if (best !== null) return best;
  }
  throw conflict([...headers, '…'], '…');
}

/** How many of the headers are open somewhere in a reading; -1 where the file is included inside another block. */
function depthIn(config: DovecotConfig, reading: Reading, headers: readonly string[]): number {
  const chain = headers.map((_, i) => sectionAt(config, headers.slice(0, i + 1)));
  const seen = new Set<Section>([reading.base]);
  for (const { after } of reading.lines) seen.add(after);
  for (let depth = chain.length; depth > 0; depth--) {
    const section = chain[depth - 1];
    if (section && seen.has(section)) return depth;
  }
  return seen.has(config.top) ? 0 : -1;
}

/** Index of the line before which a section ends in this reading: its last `}` there, or behind all that it holds. */
function endOf(reading: Reading, section: Section): number {
  for (let i = reading.lines.length - 1; i >= 0; i--) {
    const { line, before, after } = reading.lines[i]!;
    if (line.kind === 'open') continue;
    if (after === section) return i + 1;
    if (before === section && line.kind === 'end') return i;
  }
  return 0;
}

/** What the lines of a section begin with: as the nearest setting or block above, else two spaces more than the block. */
function indentIn(bytes: Bytes, reading: Reading, section: Section, at: number): string {
  if (section.parent === null) return '';
  let opener: Placed | null = null;
  for (let i = at - 1; i >= 0 && opener === null; i--) {
    const placed = reading.lines[i]!;
    if (placed.before === section && (placed.line.kind === 'setting' || placed.line.kind === 'begin')) {
      return indentOf(bytes, placed);
    }
    if (placed.after === section && placed.line.kind === 'begin') opener = placed;
  }
  const indent = opener === null ? '' : indentOf(bytes, opener);
  return indent + (indent.includes('\t') ? '\t' : '  ');
}

function indentOf(bytes: Bytes, { line }: Placed): string {
  return /^[ \t]*/.exec(bytes.slice(line.start, line.end))![0];
}

/** `type name {`, the name in quotes where it holds white space. */
function openBlock(header: string): string {
  const space = header.indexOf(' ');
  const name = header.slice(space + 1);
  if (space < 0 || header.startsWith('group ') || !/\s/.test(name)) return `${header} {`;
  return `${header.slice(0, space)} "${name}" {`;
}
