/** Our reading of a configuration against the real doveconf's. */
import { dovecotEntries, dovecotValue } from '../../src/formats/dovecot.ts';
import type { DovecotConfig } from '../../src/formats/dovecot.ts';
import { sourcesOf } from '../../src/formats/dovecot-lookup.ts';
import { canonicalPath } from '../../src/formats/dovecot-tree.ts';
import type { Section } from '../../src/formats/dovecot-tree.ts';

/** What does not agree, one line each; empty when all does. */
export function disagreements(config: DovecotConfig, theirs: ReadonlyMap<string, string>): string[] {
  const ours = allValues(config);
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const [shown, value] of theirs) {
    // A nameless passdb, userdb or namespace of 2.3 is printed apart from the others; we ask for any of them.
    const path = shown.replace(/ #\d+(?= > )/, '').split(' > ');
    const { headers, key } = canonicalPath(path, config.grammar);
    const name = [...headers, key].join(' > ');
    seen.add(name);
    if (path.at(-1) === '' || GENERATED.test(shown)) continue;
    const entries = dovecotEntries(config, path);
    const last = shown.includes(' #') ? entries : entries.slice(-1);
    if (entries.length === 0) {
      if (!isDefault(config, path, value)) wrong.push(`${shown}: doveconf has ${value}, we have nothing`);
    } else if (!last.some((entry) => same(value, entry.value))) {
      wrong.push(`${shown}: doveconf has ${value}, we have ${last[0]!.value}`);
    }
  }
  for (const [name, value] of ours) {
    const shown = seen.has(name) || [...seen].some((list) => name.startsWith(`${list}_`) && isList(config, list));
    if (!shown && !ABSORBED.test(name)) wrong.push(`${name}: we have ${value}, doveconf has nothing`);
  }
  return wrong;
}

/** The settings that differ between two outputs, sorted, as canonical paths; blocks that came with them are left out. */
export function changed(
  config: DovecotConfig,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const differ = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  );
  return [
    ...new Set(differ.filter((name) => !/(^| > )$/.test(name)).map((name) => canonicalName(config, name))),
  ].sort();
}

export function canonicalName(config: DovecotConfig, name: string): string {
  const { headers, key } = canonicalPath(name.split(' > '), config.grammar);
  return [...headers, key].join(' > ');
}

/** Made up by doveconf itself, or there by default. */
const GENERATED = /^managesieve_(notify|sieve)_capability$|^imap_id_send > name$/;

/** Is it a list of which parts are written as blocks? Then `list { member }` is shown as part of its value. */
const isList = (config: DovecotConfig, name: string): boolean =>
  sourcesOf(config, name.split(' > ')).some((source) => source.as === 'member');

/** Taken by the daemon, and not shown under that name. */
const ABSORBED = /^dovecot_config_version$|^ssl_(disable|protocols|cert_file|key_file|ca_file)$/;

/** Shown though nobody set it: parts of a namespace, and what a list has by default beside its explicit members. */
function isDefault(config: DovecotConfig, path: readonly string[], value: string): boolean {
  if (value === '' && /^(namespace|passdb|userdb)/.test(path[0]!)) return true;
  return value === 'yes' && path.length > 1 && dovecotValue(config, path.slice(0, -1)) !== null;
}

function allValues(config: DovecotConfig): Map<string, string> {
  const values = new Map<string, string>();
  const walk = (section: Section, path: readonly string[]): void => {
    for (const [key, occurrences] of section.settings)
      values.set([...path, key].join(' > '), occurrences.at(-1)!.value);
    for (const child of section.sections.values()) walk(child, [...path, child.header]);
  };
  walk(config.top, []);
  return values;
}

/** doveconf prints times and sizes with units of its own, and `$x` resolved where that is the setting itself. */
function same(theirs: string, ours: string): boolean {
  const plain = ours.replace(/\$(SET:)?\w+ ?/g, '');
  // A value that itself is in quotes is printed as it is, and then looks like one that doveconf has quoted.
  const unquoted = /^"[^]*"$/.test(ours) ? ours.slice(1, -1).replace(/\\([^])/g, '$1') : ours;
  return [ours, plain, unquoted].some(
    (value) => squeeze(value) === squeeze(theirs) || amount(value) === amount(theirs),
  );
}

const squeeze = (value: string): string => value.replace(/,? +|\t+/g, ' ').trim();

const UNITS: Readonly<Record<string, number>> = {
  '': 1, s: 1, secs: 1, sec: 1, mins: 60, min: 60, hours: 3600, hour: 3600, h: 3600, days: 86400, day: 86400, d: 86400, weeks: 604800, week: 604800, w: 604800,
  b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4,
}; // prettier-ignore

function amount(value: string): number | string {
  const [, number, unit] = /^(\d+) *([a-zA-Z]*)$/.exec(value) ?? [];
  const factor = UNITS[(unit ?? '?').toLowerCase()];
  return number === undefined || factor === undefined ? value : Number(number) * factor;
}
