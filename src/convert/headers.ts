/** Lines that open blocks. */
import { satisfies } from '../formats/versions.ts';
import { isEmptyBlock, own, type Block } from './blocks.ts';
import { nested, type Converted, type Scope } from './conversion.ts';
import { mailboxName } from './mailboxes.ts';
import { checksTokens } from './oauth2.ts';
import { GONE_SERVICES } from './rules-service.ts';
import { ALLOW_WEAK, needsWeakSchemes } from './schemes.ts';

/** Blocks that need a name in 2.4. */
const NAMED = new Set(['passdb', 'userdb', 'namespace', 'inet_listener']);

/** The whole block becomes a comment: 2.4 does not read it. */
export function isGone(block: Block): boolean {
  if (block.type === 'service') return GONE_SERVICES.has(block.name ?? '');
  return block.type === 'dict' && block.name === null && block.parent?.type === '' && isEmptyBlock(block);
}

/** Lines that a block needs at the top. */
function linesBefore(block: Block, scope: Scope): string[] {
  // A block with a name may be of 2.4, where the first file is.
  if (block.name !== null && !scope.old) return [];
  if (block.parent?.type !== '' || own(block, 'driver') === null) return serviceBefore(block, scope);
  const first = scope.first('passdb', needsWeakSchemes);
  return first === block && scope.global('auth_allow_weak_schemes') === null ? [ALLOW_WEAK] : [];
}

/** A service that runs as another user than root may not use the socket of anvil, which 2.4's lmtp asks. */
function serviceBefore(block: Block, { blocks, version }: Scope): string[] {
  const user = block.type === 'service' && block.name === 'lmtp' ? own(block, 'user') : null;
  if (user === null || user === '' || user === 'root') return [];
  if (blocks('service').some(({ name }) => name === 'anvil')) return [];
  // Later versions have a socket of its own for the limit of deliveries.
  const sockets = ['anvil', ...(satisfies(version, '>=2.4.2') ? ['anvil-connect-limit'] : [])];
  return nested('service anvil', sockets.flatMap((name) => nested(`unix_listener ${name}`, [`user = ${user}`]))); // oxfmt-ignore
}

export function convertBegin(block: Block, scope: Scope): Converted | null {
  const before = linesBefore(block, scope);
  const { nameOf } = scope;
  if (checksTokens(block, scope)) return { lines: [...before, 'oauth2 {'] };
  // Of `plugin NAME { }` 2.3 ignores the name.
  if (block.type === 'plugin') return withoutBraces(block);
  if (block.name !== null) return before.length === 0 ? null : { lines: [...before, `${block.type} ${block.name} {`] };
  if (block.type === 'mailbox') return { lines: [`mailbox ${mailboxName(nameOf(block))} {`] };
  if (NAMED.has(block.type)) return { lines: [...before, `${block.type} ${nameOf(block)} {`] };
  if (block.type === 'dict' && block.parent?.type === '') return { lines: ['dict_server {'] };
  return null;
}

/** Removes the braces of `plugin { }`, which 2.4 does not have. A block of comments only is commented out. */
export function withoutBraces(block: Block): Converted {
  return isEmptyBlock(block) ? { drop: true } : { lines: [] };
}
