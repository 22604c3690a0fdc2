import type { Setting } from '../formats/dovecot/dovecot-lexer.ts';
import type { Block, Item } from './blocks.ts';
import type { Scope } from './conversion.ts';
import type { Names } from './default-names.ts';

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
  const at = new Set<Setting>();
  for (const { line, block } of items) {
    const ofAll = block === top || (block.type === 'plugin' && block.parent === top);
    if (line.kind === 'setting' && ofAll) at.add(line);
  }
  const all = descendants(top);
  return {
    version,
    old,
    has,
    userFields,
    files,
    global: (key) => global.get(key)?.value ?? null,
    plugin: (key) => plugin.get(key)?.value ?? null,
    overridden: (line, key, place) => {
      const last = (place === 'plugin' ? plugin : global).get(key);
      return at.has(line) && last !== undefined && last !== line;
    },
    blocks: (type) => all.filter((block) => block.type === type),
    nameOf: (block) => names.of(block),
  };
}

const descendants = (block: Block): Block[] => block.blocks.flatMap((child) => [child, ...descendants(child)]);
