/** Lookups: every occurrence that affects a setting's value, and the one that wins. */
import type { DovecotConfig } from './dovecot-config.ts';
import { canonicalPath, isFilter } from './dovecot-tree.ts';
import type { Occurrence, Section } from './dovecot-tree.ts';

/**
 * How an occurrence sets the value: as its `value`; under an `old` name that 2.3 still accepts; as one `member` of a list
 * (2.4: `auth_mechanisms { login = yes }`); or from a `group` that the section includes, which every other source overrides.
 */
export interface Source extends Occurrence {
  readonly as: 'value' | 'old' | 'member' | 'group';
}

/** The section at the end of the headers, or null if no such block was read. */
export function sectionAt(top: Section, headers: readonly string[]): Section | null {
  let section: Section | undefined = top;
  for (const header of headers) section = section?.sections.get(header);
  return section ?? null;
}

/** Every occurrence of a setting, in the daemon's order: the last one wins. */
export function sourcesOf(config: DovecotConfig, path: readonly string[]): readonly Source[] {
  const { headers, key } = canonicalPath(path, config.grammar);
  const section = sectionAt(config.top, headers);
  const found = section === null ? [] : sourcesIn(section, key, config);
  return found.length > 0 || config.grammar === '2.3' ? found : fromGroups(config, headers, key);
}

function sourcesIn(section: Section, key: string, config: DovecotConfig): Source[] {
  const sources: Source[] = (section.settings.get(key) ?? []).map((one) => ({ ...one, as: 'value' }));
  const mixed = config.grammar === '2.4' ? membersOf(section, key) : oldNames(section, key);
  if (mixed.length === 0) return sources;
  const all = [...sources, ...mixed].sort((a, b) => a.order - b.order);
  return config.grammar === '2.4' ? listed(all) : all;
}

// ── 2.4: lists as blocks, groups ─────────────────────────────────────────────────────────────────────────────────────

function membersOf(section: Section, key: string): Source[] {
  const list = section.sections.get(key);
  return (list?.members ?? []).map(({ key: name, occurrence }) => {
    return { ...occurrence, setting: { ...occurrence.setting, key: name }, as: 'member' };
  });
}

/** Gives each occurrence the list as it is at that point: `=` starts a new list, a member is added or removed. */
function listed(sources: readonly Source[]): Source[] {
  const list = new Set<string>();
  return sources.map((source) => {
    if (source.as === 'value') {
      list.clear();
      for (const name of splitList(source.value)) list.add(name);
      return source;
    }
    if (source.setting.value === 'yes') list.add(source.setting.key);
    else list.delete(source.setting.key);
    return { ...source, value: [...list].join(' ') };
  });
}

export const splitList = (value: string): string[] => value.split(/[ ,]+/).filter((name) => name !== '');

/**
 * `@label = name` applies the settings of `group @label name { }` that the section itself does not set. The innermost
 * section's includes come first; of several groups, the one that begins last wins (lib-settings/settings.c).
 */
function fromGroups(config: DovecotConfig, headers: readonly string[], key: string): Source[] {
  for (let depth = headers.length; depth >= 0; depth--) {
    const section = sectionAt(config.top, headers.slice(0, depth));
    for (const group of section === null ? [] : groupsOf(section, config.top)) {
      const inner = sectionAt(group, headers.slice(depth));
      const found = inner === null ? [] : sourcesIn(inner, key, config);
      if (found.length > 0) return found.map((one) => ({ ...one, as: 'group' }));
    }
  }
  return [];
}

/** By section: a plan asks for many settings of each of a thousand blocks. */
const included = new WeakMap<Section, readonly Section[]>();
const begins = new WeakMap<Section, ReadonlyMap<Section, number>>();

/** The groups that a section includes, the one that begins last first. */
function groupsOf(section: Section, top: Section): readonly Section[] {
  const before = included.get(section);
  if (before) return before;
  const found = [...section.settings].flatMap(([label, uses]) => {
    if (!label.startsWith('@')) return [];
    return top.sections.get(`group ${label} ${uses.at(-1)!.value}`) ?? [];
  });
  const groups = found.length < 2 ? found : found.sort((a, b) => beginOf(b, top) - beginOf(a, top));
  included.set(section, groups);
  return groups;
}

function beginOf(block: Section, top: Section): number {
  const known = begins.get(top) ?? new Map([...top.sections.values()].map((one, at) => [one, at]));
  begins.set(top, known);
  return known.get(block) ?? -1;
}

// ── 2.3: names of 1.x and 2.2 that set a newer setting ───────────────────────────────────────────────────────────────

/** The old name of a setting, and the meaning of its value. See old-set-parser.c in Dovecot 2.3. */
const OLD: Readonly<Record<string, readonly [name: string, meaning: (value: string) => string | null]>> = {
  ssl: ['ssl_disable', (value) => ({ yes: 'no', no: 'yes' })[value.toLowerCase()] ?? value],
  ssl_cert: ['ssl_cert_file', (value) => (value === '' ? null : `<${value}`)],
  ssl_key: ['ssl_key_file', (value) => (value === '' ? null : `<${value}`)],
  ssl_ca: ['ssl_ca_file', (value) => (value === '' ? null : `<${value}`)],
  ssl_min_protocol: ['ssl_protocols', minProtocol],
};

function oldNames(section: Section, key: string): Source[] {
  if (key === 'auth_mechanisms' && section.parent === null) return mechanismsOf1x(section);
  const [name, meaning] = OLD[key] ?? [];
  if (name === undefined || meaning === undefined || (section.parent !== null && !isFilter(section))) return [];
  return (section.settings.get(name) ?? []).flatMap((one) => {
    const value = meaning(one.value);
    return value === null ? [] : [{ ...one, value, as: 'old' as const }];
  });
}

/** `auth default { mechanisms = plain }` from Dovecot 1.x is still accepted. */
function mechanismsOf1x(top: Section): Source[] {
  const blocks = [...top.sections.values()].filter(({ header }) => /^auth( |$)/.test(header));
  const found = blocks.flatMap((block) => block.settings.get('mechanisms') ?? []);
  return found.map((one) => ({ ...one, as: 'value' as const }));
}

/** The lowest protocol that a 2.2 list such as `!SSLv2 !SSLv3` allows; null if the daemon cannot determine it either. */
function minProtocol(value: string): string | null {
  const known = ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2'];
  const words = splitList(value);
  if (!words.every((word) => known.includes(word.replace(/^!/, '')))) return null;
  const wanted = known.filter((name) => words.includes(name));
  return (wanted.length > 0 ? wanted : known).find((name) => !words.includes(`!${name}`)) ?? null;
}
