/** Lines that open blocks. */
import { isEmptyBlock, type Block } from './blocks.ts';
import type { Converted, Scope } from './conversion.ts';
import { GONE_SERVICES } from './rules-service.ts';

/** Blocks that need a name in 2.4. */
const NAMED = new Set(['passdb', 'userdb', 'namespace', 'inet_listener']);

/** The whole block becomes a comment: 2.4 does not read it. */
export function isGone(block: Block): boolean {
  if (block.type === 'service') return GONE_SERVICES.has(block.name ?? '');
  return block.type === 'dict' && block.name === null && block.parent?.type === '' && isEmptyBlock(block);
}

export function convertBegin(block: Block, { nameOf }: Scope): Converted | null {
  if (block.name !== null) return null;
  if (block.type === 'plugin') return withoutBraces(block);
  if (NAMED.has(block.type)) return { lines: [`${block.type} ${nameOf(block)} {`] };
  if (block.type === 'dict' && block.parent?.type === '') return { lines: ['dict_server {'] };
  return null;
}

/** Removes the braces of `plugin { }`, which 2.4 does not have. A block of comments only is commented out. */
export function withoutBraces(block: Block): Converted {
  return isEmptyBlock(block) ? { drop: true } : { lines: [] };
}
