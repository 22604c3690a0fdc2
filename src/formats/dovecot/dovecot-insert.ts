/** Where a new setting is added. */
import { HardenMailError } from '../../model/errors.ts';
import type { Bytes } from '../../model/index.ts';
import type { DovecotConfig, Placed, Reading } from './dovecot-config.ts';
import { sectionAt } from './dovecot-lookup.ts';
import { sampleOf } from './dovecot-sample.ts';
import type { Section } from './dovecot-tree.ts';
import { addLines, openBlock, written } from './dovecot-write.ts';

/**
 * Adds the setting to `home`: in its block there, or in new blocks, each below its commented-out sample or else at the end. If the
 * daemon does not read `home`, or reads it inside other blocks, the setting is added to the root file.
 */
export function insert(config: DovecotConfig, path: readonly string[], value: string, home: string): DovecotConfig {
  const headers = path.slice(0, -1);
  const key = path.at(-1)!;
  const { reading, depth } = placeFor(config, headers, home);
  const section = sectionAt(config.top, headers.slice(0, depth))!;
  const missing = headers.slice(depth);
  const name = missing[0];
  const sample = sampleOf(
    reading,
    section,
    name === undefined ? { kind: 'setting', name: key } : { kind: 'begin', name },
    config.grammar,
  );
  return addSetting(config, reading, section, sample >= 0 ? sample + 1 : endOf(reading, section), missing, key, value);
}

/** Adds the setting at the very end, where no later line can override it. */
export function append(config: DovecotConfig, path: readonly string[], value: string): DovecotConfig {
  const reading = config.readings[0]!;
  const at = endOf(reading, config.top);
  return addSetting(config, reading, config.top, at, path.slice(0, -1), path.at(-1)!, value);
}

/** Does the daemon read a file inside different blocks? An edit of such a file would change more than one setting. */
export function isShared(config: DovecotConfig, file: string): boolean {
  const bases = config.readings.filter((reading) => reading.file === file).map((reading) => reading.base);
  return bases.some((base) => base !== bases[0]);
}

function addSetting(
  config: DovecotConfig,
  reading: Reading,
  section: Section,
  at: number,
  blocks: readonly string[],
  key: string,
  value: string,
): DovecotConfig {
  const bytes = config.files[reading.file]!;
  const indent = indentIn(bytes, reading, section, at);
  const step = indent.includes('\t') ? '\t' : '  ';
  const lines = [
    ...blocks.map((header, i) => step.repeat(i) + openBlock(header)),
    `${step.repeat(blocks.length)}${key} = ${written(value)}`.trimEnd(),
    ...blocks.map((_, i) => step.repeat(blocks.length - 1 - i) + '}'),
  ];
  const start = at === 0 ? 0 : reading.lines[at - 1]!.line.end;
  return addLines(
    config,
    reading.file,
    start,
    lines.map((line) => indent + line),
  );
}

/** The reading of `home` that has the most of the wanted blocks, and their number. The root file is the last resort. */
function placeFor(
  config: DovecotConfig,
  headers: readonly string[],
  home: string,
): { reading: Reading; depth: number } {
  const chain = headers.map((_, i) => sectionAt(config.top, headers.slice(0, i + 1)));
  for (const file of [home, config.root]) {
    if (isShared(config, file)) continue;
    let best: { reading: Reading; depth: number } | null = null;
    for (const reading of config.readings.filter((one) => one.file === file)) {
      const depth = depthIn(config, reading, chain);
      if (depth >= 0 && depth > (best?.depth ?? -1)) best = { reading, depth };
    }
    if (best !== null) return best;
  }
  throw new HardenMailError(
    'CONFIG_CONFLICT',
    `${config.root} has no place for ${headers.join(' ')}: its blocks begin in one file and end in another`,
    'Close each block in the file in which it begins, then run again.',
  );
}

/** The number of these sections that are open somewhere in a reading; -1 if not even the top level is. */
function depthIn(config: DovecotConfig, reading: Reading, chain: readonly (Section | null)[]): number {
  const seen = new Set<Section>([reading.base]);
  for (const { after } of reading.lines) seen.add(after);
  for (let depth = chain.length; depth > 0; depth--) {
    const section = chain[depth - 1];
    if (section && seen.has(section)) return depth;
  }
  return seen.has(config.top) ? 0 : -1;
}

/** Index of the line before which a section ends in this reading: its last `}`, or after its last line. */
function endOf(reading: Reading, section: Section): number {
  for (let i = reading.lines.length - 1; i >= 0; i--) {
    const { line, before, after } = reading.lines[i]!;
    if (line.kind === 'open') continue;
    if (after === section) return i + 1;
    if (before === section && line.kind === 'end') return i;
  }
  return 0;
}

/** The indentation of a section's lines: that of the nearest line above, else one step more than the opening line. */
function indentIn(bytes: Bytes, reading: Reading, section: Section, at: number): string {
  if (section.parent === null) return '';
  for (let i = at - 1; i >= 0; i--) {
    const placed = reading.lines[i]!;
    const { line, before, after } = placed;
    if (before === section && (line.kind === 'setting' || line.kind === 'begin')) return indentOf(bytes, placed);
    if (after === section && line.kind === 'begin') {
      const indent = indentOf(bytes, placed);
      return indent + (indent.includes('\t') ? '\t' : '  ');
    }
  }
  return '';
}

function indentOf(bytes: Bytes, { line }: Placed): string {
  let end = line.start;
  while (bytes[end] === ' ' || bytes[end] === '\t') end++;
  return bytes.slice(line.start, end);
}
