/**
 * The configuration in the order in which the daemon reads it, with every block as it was written. The tree of src/formats
 * merges blocks of one name; here two `passdb { }` stay two, because in 2.4 each needs a name of its own.
 */
import { globPaths, resolvePath } from '../formats/dovecot/dovecot-glob.ts';
import type { DovecotConfig, Reading } from '../formats/dovecot/dovecot-config.ts';
import type { Line, Setting } from '../formats/dovecot/dovecot-lexer.ts';

export interface Block {
  /** `passdb`, `service`; empty for the top level. */
  readonly type: string;
  readonly name: string | null;
  readonly parent: Block | null;
  readonly settings: { readonly file: string; readonly line: Setting }[];
  readonly blocks: Block[];
}

/** A line with the block that it is in. At a `{` or `}` it is the block that opens or closes there. */
export interface Item {
  readonly file: string;
  readonly line: Line;
  readonly block: Block;
}

/** Every line of every file, in the order in which the daemon reads them. */
export function itemsOf(config: DovecotConfig): { items: readonly Item[]; top: Block } {
  const paths = Object.keys(config.files);
  const top: Block = { type: '', name: null, parent: null, settings: [], blocks: [] };
  const items: Item[] = [];
  let block = top;
  let next = 0;

  const walk = ({ file, lines }: Reading): void => {
    for (const { line } of lines) {
      if (line.kind === 'begin') block = open(block, line.header, line.named);
      items.push({ file, line, block });
      if (line.kind === 'setting') block.settings.push({ file, line });
      if (line.kind === 'end') block = block.parent ?? top;
      if (line.kind === 'include') {
        for (const path of globPaths(resolvePath(line.pattern, file), paths) ?? []) {
          const reading = config.readings[next++];
          if (reading?.file !== path) throw new Error(`${path} was not read where ${file} includes it`);
          walk(reading);
        }
      }
    }
  };
  const root = config.readings[next++];
  if (root) walk(root);
  return { items, top };
}

function open(parent: Block, header: string, named: boolean): Block {
  const space = named ? header.indexOf(' ') : header.length;
  const block: Block = {
    type: header.slice(0, space),
    name: named ? header.slice(space + 1) : null,
    parent,
    settings: [],
    blocks: [],
  };
  parent.blocks.push(block);
  return block;
}

/** Blocks that contain global settings for some connections only. */
export const isFilterBlock = ({ type }: Block): boolean => /^(protocol|local|local_name|remote)$/.test(type);

/** The value of a block's own setting: its last occurrence. Null if it is not set. */
export function own(block: Block, key: string): string | null {
  return block.settings.findLast(({ line }) => line.key === key)?.line.value ?? null;
}

/** Does it contain no setting, at any depth? */
export function isEmptyBlock({ settings, blocks }: Block): boolean {
  return settings.length === 0 && blocks.every(isEmptyBlock);
}
