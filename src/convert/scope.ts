import type { Setting } from '../formats/dovecot/dovecot-lexer.ts';
import type { Block, Item } from './blocks.ts';
import type { Scope } from './conversion.ts';
import { ruleFor } from './conversion-rules.ts';
import type { Names } from './default-names.ts';
import { KNOWN } from './known.ts';

/** The facts for rules, from the whole configuration. */
export function scopeOf(
  items: readonly Item[],
  top: Block,
  names: Names,
  files: Readonly<Record<string, string>>,
  version: string,
  old: boolean,
  { has, userFields }: Pick<Scope, 'has' | 'userFields'>,
): Scope {
  const global = new Map<string, Setting>();
  const plugin = new Map<string, Setting>();
  for (const { line, block } of items) {
    if (line.kind !== 'setting') continue;
    const short = /^plugin\/([^/]+)$/.exec(line.key)?.[1];
    if (block === top && short !== undefined) plugin.set(short, line);
    else if (block === top) global.set(line.key, line);
    if (block.type === 'plugin' && block.parent === top) plugin.set(line.key, line);
  }
  // A line that refers to its own setting (`mail_plugins = $mail_plugins acl`) adds to the earlier ones and replaces none.
  const order = new Map<Setting, number>();
  const replaces = new Map<string, number>();
  items.forEach(({ line, block }, n) => {
    const inPlugin = block.type === 'plugin' && block.parent === top;
    if (line.kind !== 'setting' || (block !== top && !inPlugin)) return;
    const [, short] = /^plugin\/([^/]+)$/.exec(line.key) ?? [];
    const key = short ?? line.key;
    order.set(line, n);
    if (!line.value.includes(`$${key}`))
      replaces.set(`${inPlugin || short !== undefined ? 'plugin' : 'global'} ${key}`, n);
  });
  const places = new Map<Setting, number>();
  const atTop = new Map<string, { n: number; value: string }[]>();
  items.forEach(({ line, block }, n) => {
    if (line.kind !== 'setting') return;
    places.set(line, n);
    if (block === top) (atTop.get(line.key) ?? atTop.set(line.key, []).get(line.key)!).push({ n, value: line.value });
  });
  const plugins = new Set<string>();
  for (const { line, block } of items) {
    if (line.kind !== 'setting') continue;
    if (block.type === 'mail_plugins') plugins.add(line.key);
    if (line.key === 'mail_plugins') for (const word of line.value.split(/[\s,]+/)) plugins.add(word);
  }
  const read = new Set(items.map(({ file }) => file));
  const addsPlugins =
    items.some(({ line }) => line.kind === 'setting' && /\bmail_plugins=/.test(line.value)) ||
    Object.entries(files).some(([path, bytes]) => !read.has(path) && bytes.includes('mail_plugins'));
  const byType = new Map<string, Block[]>();
  for (const block of descendants(top)) (byType.get(block.type) ?? byType.set(block.type, []).get(block.type)!).push(block); // oxfmt-ignore
  const firsts = new Map<unknown, Map<string, Block | undefined>>();
  const scope: Scope = {
    version,
    old,
    has,
    userFields,
    files,
    isOldField,
    renamedField,
    loaded: (names) => addsPlugins || names.some((name) => plugins.has(name)),
    global: (key) => global.get(key)?.value ?? null,
    plugin: (key) => plugin.get(key)?.value ?? null,
    pluginKeys: () => [...plugin].sort(([, a], [, b]) => (order.get(a) ?? 0) - (order.get(b) ?? 0)).map(([key]) => key),
    overridden: (line, key, place) => (order.get(line) ?? Infinity) < (replaces.get(`${place} ${key}`) ?? -1),
    listBefore: (line, key) => {
      const at = places.get(line);
      const all = atTop.get(key) ?? [];
      if (at === undefined || (all.at(-1)?.n ?? -1) < at) return null;
      const before = all.filter(({ n }) => n < at).map(({ value }) => value.split(/[\s,]+/));
      return before.reduce((list, words) => words.flatMap((word) => (word === `$${key}` ? list : [word])), []);
    },
    blocks: (type) => byType.get(type) ?? [],
    first: (type, is) => {
      const known = firsts.get(is) ?? firsts.set(is, new Map()).get(is)!;
      if (!known.has(type))
        known.set(
          type,
          scope.blocks(type).find((block) => is(block, scope)),
        );
      return known.get(type);
    },
    nameOf: (block) => names.of(block),
  };
  return scope;
}

const descendants = (block: Block): Block[] => block.blocks.flatMap((child) => [child, ...descendants(child)]);

/** The words that the names of plugins' settings begin with. */
const OF_PLUGINS =
  /^(acl|expire|fts|imapsieve|last_login|lazy_expunge|listescape|mail|mailbox|notify|old_stats|push_notification|quota|sieve|stats|zlib)_/;

function renamedField(name: string): string | null {
  const rule = ruleFor('plugin', name);
  const is = rule !== undefined && rule.by === undefined && rule.value === undefined && rule.now !== '';
  return is && !/\d$/.test(name) ? rule.now : null;
}

/** `plugin/quota_rule` and `namespace/inbox/location` are paths of 2.3; a setting with a rule has another name or form now. */
function isOldField(name: string): boolean {
  if (name.includes('/')) return true;
  if (OF_PLUGINS.test(name) && !KNOWN.has(name)) return true;
  return ruleFor('plugin', name) !== undefined || ['mail_location', 'mail_attachment_dir'].includes(name);
}
