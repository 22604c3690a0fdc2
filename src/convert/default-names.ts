/** Names for blocks that have none. */
import { own, type Block } from './blocks.ts';

export class Names {
  readonly #names = new Map<Block, string>();

  /** Gives every block below `top` that needs one a name that is unique among blocks of its type. */
  constructor(top: Block) {
    const taken = new Map<string, Set<string>>();
    const next = new Map<string, number>(); // the first number that may be free
    const all = descendants(top);
    const of = (type: string): Set<string> => taken.get(type) ?? taken.set(type, new Set()).get(type)!;
    for (const { type, name } of all) if (name !== null) of(type).add(name);
    for (const block of all) {
      if (block.name !== null) continue;
      const wanted = proposal(block);
      // Each namespace has its own mailboxes.
      if (block.type === 'mailbox') {
        this.#names.set(block, wanted);
        continue;
      }
      let name = wanted;
      const key = `${block.type} ${wanted}`;
      let n = next.get(key) ?? 2;
      for (; of(block.type).has(name); n++) name = `${wanted}${n}`;
      next.set(key, n);
      of(block.type).add(name);
      this.#names.set(block, name);
    }
  }

  of(block: Block): string {
    return block.name ?? this.#names.get(block) ?? block.type;
  }
}

const descendants = (block: Block): Block[] => block.blocks.flatMap((child) => [child, ...descendants(child)]);

const TOKENS = /\b(xoauth2|oauthbearer)\b/i;

/** The name that Debian's own files for 2.4 would use. */
function proposal(block: Block): string {
  const said = own(block, 'name');
  if (said) return said;
  switch (block.type) {
    case 'passdb':
      if (own(block, 'deny') === 'yes') return 'deny';
      if (own(block, 'master') === 'yes') return 'master';
      // It becomes `oauth2 { }`, and leaves the name to the one that sends passwords.
      if (own(block, 'driver') === 'oauth2' && TOKENS.test(own(block, 'mechanisms') ?? '')) return 'tokens';
      return own(block, 'driver') ?? 'passdb';
    case 'userdb':
      return own(block, 'driver') ?? 'userdb';
    case 'namespace':
      if (own(block, 'inbox') === 'yes') return 'inbox';
      return (
        (own(block, 'prefix') ?? '').replace(/%.*|[^A-Za-z0-9]/g, '').toLowerCase() || own(block, 'type') || 'private'
      );
    case 'inet_listener':
      return `port-${own(block, 'port') ?? '0'}`;
    default:
      return block.type;
  }
}
