/**
 * The daemon's view of the lines it read: a tree of sections, with blocks of one name merged, and each setting with all its
 * occurrences in reading order.
 */
import type { Setting } from './dovecot-lexer.ts';
import type { Grammar } from './dovecot-line.ts';

/** One setting at the place where the daemon read it. */
export interface Occurrence {
  readonly setting: Setting;
  readonly file: string;
  /** Position in reading order. */
  readonly order: number;
  /** The value of the whole setting after this line, as `doveconf -n` shows it. */
  readonly value: string;
}

/** A block, merged from all its occurrences. The root has an empty header and no parent. */
export interface Section {
  readonly header: string;
  readonly named: boolean;
  readonly parent: Section | null;
  readonly sections: Map<string, Section>;
  /** By key; the last occurrence wins. In 2.4, settings of unnamed blocks are kept one level up, see `ownerOf`. */
  readonly settings: Map<string, Occurrence[]>;
  /** For an unnamed block: all that its braces contain, under the keys as written. */
  readonly members: { readonly key: string; readonly occurrence: Occurrence }[];
}

/** Blocks whose settings apply to some connections only; settings that are not in them come from outside. */
const FILTER = /^(protocol|local|local_name|remote) /;

export const isFilter = (section: Section): boolean => FILTER.test(section.header);

/** The order in which these blocks may be nested, outermost first. */
const NESTING = ['local', 'local_name', 'remote', 'protocol'];

/** The nesting that the daemon expects, if it refuses such a block within `parent`; null if it accepts it. */
export function misplaced(parent: Section, header: string): string | null {
  const rank = (text: string): number => NESTING.indexOf(/^\S+(?= )/.exec(text)?.[0] ?? '');
  const inner = rank(header);
  if (inner < 0) return null;
  for (let at: Section | null = parent; at !== null; at = at.parent) {
    const outer = rank(at.header);
    if (outer > inner) return `${NESTING[outer]} within ${NESTING[inner]}, not around it`;
    if (outer === inner && NESTING[inner] === 'protocol') return 'no protocol within another';
  }
  return null;
}

/** Blocks that have a name, for keys written as a path: `service/auth/user` is `service auth { user }`. */
const NAMED = new Set(
  'service unix_listener fifo_listener inet_listener passdb userdb namespace mailbox dict metric'.split(' '),
);

export function newSection(header = '', named = false, parent: Section | null = null): Section {
  return { header, named, parent, sections: new Map(), settings: new Map(), members: [] };
}

/** The child with this header, created if it does not exist. */
export function enter(parent: Section, header: string, named: boolean): Section {
  let section = parent.sections.get(header);
  if (section === undefined) {
    section = newSection(header, named, parent);
    parent.sections.set(header, section);
  }
  return section;
}

/** Characters that the expanded values of a configuration may still have together. */
export interface Allowance {
  left: number;
}

/** A thousand values of the longest size would have more; those of a real configuration have a hundredth. */
export const EXPANDED_AT_MOST = 8 << 20;

/** Adds a setting that was read in a section. */
export function record(
  section: Section,
  setting: Setting,
  file: string,
  order: number,
  grammar: Grammar,
  allowance: Allowance,
): void {
  let key = setting.key;
  const path = key.includes('/') ? key.split('/') : [];
  for (let i = 0; i < path.length - 1; i++) {
    const named = NAMED.has(path[i]!) && i + 2 < path.length;
    const header = named ? `${path[i]} ${unescapeName(path[++i]!)}` : path[i]!;
    section = enter(section, header, named);
    key = path[i + 1]!;
  }
  const [owner, name] = grammar === '2.4' ? ownerOf(section, key) : [section, key];
  const occurrence = { setting, file, order, value: expand(owner, name, setting, grammar, allowance) };
  const before = owner.settings.get(name);
  if (before === undefined) owner.settings.set(name, [occurrence]);
  else before.push(occurrence);
  if (!section.named && section.parent !== null) section.members.push({ key, occurrence });
}

/** In a path, `\s` stands for a slash and `\e` for an equals sign. */
const unescapeName = (name: string): string =>
  name.replace(/\\(.)/g, (_, char: string) => (char === 's' ? '/' : char === 'e' ? '=' : char));

/**
 * In 2.4 a setting has several spellings: `ssl_server { cert_file }` and `ssl_server { ssl_server_cert_file }` mean
 * `ssl_server_cert_file` outside the block, and `unix_listener x { unix_listener_mode }` means `unix_listener x { mode }`.
 * Each is kept under one spelling: the long name outside an unnamed block, the short name inside a named block.
 */
function ownerOf(section: Section, key: string): [Section, string] {
  if (section.parent === null) return [section, key];
  if (section.named) return [section, withoutPrefix(section.header, key)];
  const name = withPrefix(section.header, key);
  return [section.parent, section.parent.named ? withoutPrefix(section.parent.header, name) : name];
}

/** The same for a path: section headers, then the key. */
export function canonicalPath(path: readonly string[], grammar: Grammar): { headers: string[]; key: string } {
  const headers = path.slice(0, -1);
  let key = path.at(-1) ?? '';
  if (grammar === '2.4') {
    if (headers.at(-1)?.includes(' ') === false) key = withPrefix(headers.pop()!, key);
    if (headers.at(-1)?.includes(' ')) key = withoutPrefix(headers.at(-1)!, key);
  }
  return { headers, key };
}

const withPrefix = (type: string, key: string): string => (key.startsWith(`${type}_`) ? key : `${type}_${key}`);

function withoutPrefix(header: string, key: string): string {
  const type = header.slice(0, header.indexOf(' '));
  return key.startsWith(`${type}_`) ? key.slice(type.length + 1) : key;
}

/** The value with a reference to the setting's own earlier value resolved, as in `mail_plugins = $mail_plugins quota`. */
function expand(owner: Section, key: string, setting: Setting, grammar: Grammar, allowance: Allowance): string {
  const reference = grammar === '2.4' ? `$SET:${key}` : `$${key}`;
  if (setting.form !== 'plain' || !setting.value.includes(reference)) return setting.value;
  const former = formerValue(owner, key);
  if (former === null) return setting.value;
  const words = setting.value.split(' ');
  const length = words.filter((word) => word === reference).length * former.length;
  if (length > Math.min(LONGEST, allowance.left)) return setting.value;
  allowance.left -= length;
  return words.map((word) => (word === reference ? former : word)).join(' ');
}

/** Longer values are not expanded: no real value is so long, and each line may double it. */
const LONGEST = 100_000;

/** The earlier value of a setting, here or outside a filter; null if only the daemon's default could tell. */
function formerValue(section: Section, key: string): string | null {
  for (let at: Section | null = section; at !== null; at = at.parent) {
    const last = at.settings.get(key)?.at(-1);
    if (last !== undefined) return last.value;
    if (!isFilter(at)) return null;
  }
  return null;
}
