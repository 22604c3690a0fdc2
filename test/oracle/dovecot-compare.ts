/** Our reading of a configuration against the real doveconf's. */
import assert from 'node:assert/strict';
import { dovecotEntries, dovecotValue } from '../../src/formats/dovecot/dovecot.ts';
import type { DovecotConfig } from '../../src/formats/dovecot/dovecot.ts';
import { sourcesOf } from '../../src/formats/dovecot/dovecot-lookup.ts';
import type { Grammar } from '../../src/formats/dovecot/dovecot-line.ts';
import { canonicalPath } from '../../src/formats/dovecot/dovecot-tree.ts';
import type { Section } from '../../src/formats/dovecot/dovecot-tree.ts';
import type { DovecotEdit } from './edits.ts';

/** What does not agree, one line each; empty when all does. */
export function disagreements(config: DovecotConfig, theirs: Settings): string[] {
  const ours = allValues(config);
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const [shown, value] of theirs) {
    // A nameless passdb, userdb or namespace of 2.3 is printed apart from the others; we ask for any of them.
    const nameless = / #\d+(?= > )/.test(shown);
    const path = ourPath(config, shown.replace(/ #\d+(?= > )/, '').split(' > '));
    const { headers, key } = canonicalPath(path, config.grammar);
    const name = [...headers, key].join(' > ');
    seen.add(name);
    if (path.at(-1) === '' || GENERATED.test(shown)) continue;
    const entries = dovecotEntries(config, path);
    const last = nameless ? entries : entries.slice(-1);
    if (entries.length === 0 || nameless) {
      const known = isDefault(config, path, value) || last.some((entry) => same(value, entry.value));
      if (!known) wrong.push(`${shown}: doveconf has ${value}, we have nothing`);
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

type Settings = ReadonlyMap<string, string>;

/** Did one edit do what was meant, and nothing else? Throws if not. */
export function checkDovecot({ path, value }: DovecotEdit, grammar: Grammar, before: Settings, after: Settings): void {
  const meant = canonicalName(grammar, path);
  assert.deepEqual(unmeant(grammar, before, after, [path]), []);
  const names = [...after.keys()].filter((name) => !name.endsWith(' > '));
  const plain = names.filter((name) => canonicalName(grammar, name) === meant);
  const members = names.filter((name) => listOf(grammar, name) === meant && after.get(name) === 'yes');
  if (value === null) return assert.deepEqual([plain, members], [[], []]);
  const last = plain.at(-1);
  const now = last === undefined ? members.map((name) => name.split(' > ').at(-1)).join(' ') : after.get(last);
  const sorted = (text = '') => text.split(' ').sort().join(' ');
  const equal = path === 'auth_mechanisms' ? sorted(now) === sorted(value) : now !== undefined && same(now, value);
  assert.ok(equal, `${path}: doveconf has ${now}, wanted was ${value}`);
}

/** The settings that differ between two outputs and were not meant to, sorted; blocks that came with them do not count. */
export function unmeant(grammar: Grammar, before: Settings, after: Settings, paths: readonly string[]): string[] {
  const meant = paths.map((path) => canonicalName(grammar, path));
  const differ = [...new Set([...before.keys(), ...after.keys()])].filter((name) => {
    if (/(^| > )$/.test(name) || before.get(name) === after.get(name)) return false;
    return !meant.includes(canonicalName(grammar, name)) && !meant.includes(listOf(grammar, name));
  });
  return differ.sort();
}

/** The list of which it is a member when lists are shown as blocks, `auth_mechanisms > login`; else empty. */
const listOf = (grammar: Grammar, name: string) =>
  name.includes(' > ') ? canonicalName(grammar, name.replace(/ > [^>]*$/, '')) : '';

export function canonicalName(grammar: Grammar, name: string): string {
  const { headers, key } = canonicalPath(name.split(' > '), grammar);
  return [...headers, key].join(' > ');
}

/** doveconf prints a block's long name (`quota_warning x` within `quota`), and the address of one host without its `/32`. */
function ourPath({ top }: DovecotConfig, shown: readonly string[]): string[] {
  let section: Section | undefined = top;
  const headers = shown.slice(0, -1).map((header, depth) => {
    const outer = `${shown[depth - 1]?.split(' ')[0]}_`;
    const short = header.startsWith(outer) ? header.slice(outer.length) : header;
    const found = [header, short, `${header}/32`, `${header}/128`].find((one) => section?.sections.has(one)) ?? header;
    section = section?.sections.get(found);
    return found;
  });
  return [...headers, shown.at(-1) ?? ''];
}

/** Made up by doveconf itself, or there by default. */
const GENERATED = /^managesieve_(notify|sieve)_capability$|^imap_id_send > name$/;

/** Is it a list of which parts are written as blocks? Then `list { member }` is shown as part of its value. */
const isList = (config: DovecotConfig, name: string): boolean =>
  sourcesOf(config, name.split(' > ')).some((source) => source.as === 'member');

/** Taken by the daemon, and not shown under that name. */
const ABSORBED =
  /^dovecot_config_version$|^auth default > mechanisms$|^ssl_(disable|protocols|cert_file|key_file|ca_file)$/;

/** Shown though nobody set it: parts of a namespace, and what a list has by default beside its explicit members. */
function isDefault(config: DovecotConfig, path: readonly string[], value: string): boolean {
  if (value === '' && /^(namespace|passdb|userdb)/.test(path[0]!)) return true;
  if (path[0] === 'import_environment') return true;
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
}; // oxfmt-ignore

function amount(value: string): number | string {
  const [, number, unit] = /^(\d+) *([a-zA-Z]*)$/.exec(value) ?? [];
  const factor = UNITS[(unit ?? '?').toLowerCase()];
  return number === undefined || factor === undefined ? value : Number(number) * factor;
}
