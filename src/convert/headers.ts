/** The lines that open blocks. */
import { isEmptyBlock, type Block } from './blocks.ts';
import { refuse, type Converted, type Scope } from './conversion.ts';
import { GONE_SERVICES } from './rules-service.ts';

/** Blocks that need a name in 2.4. */
const NAMED = new Set(['passdb', 'userdb', 'namespace', 'inet_listener']);

/** All of it becomes a comment: nothing of 2.4 reads it. */
export function isGone(block: Block): boolean {
  if (block.type === 'service') return GONE_SERVICES.has(block.name ?? '');
  return block.type === 'dict' && block.name === null && block.parent?.type === '' && isEmptyBlock(block);
}

export function convertBegin(block: Block, { nameOf }: Scope): Converted | null {
  if (block.name !== null) return null;
  if (block.type === 'plugin') return withoutBraces(block);
  if (NAMED.has(block.type)) return { lines: [`${block.type} ${nameOf(block)} {`] };
  if (block.type === 'dict' && block.parent?.type === '') {
    return refuse('write each dictionary as a block within `dict_server { }`');
  }
  return null;
}

/** `plugin { }` is no block any more. Around comments only it is commented out with them, else its braces go. */
export function withoutBraces(block: Block): Converted {
  return isEmptyBlock(block) ? { drop: true } : { lines: [] };
}
