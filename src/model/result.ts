import type { ClientSettings } from './client-settings.ts';
import type { Grade } from './grade.ts';
import type { Left } from './left.ts';
import type { PortAudit } from './port-audit.ts';
import type { Profile } from './words.ts';
import type { Finding } from './finding.ts';
import type { Plan } from './plan.ts';
import type { Facts } from './snapshot.ts';
import type { Receipt } from './transaction.ts';

/**
 * Endings that only one command has: each module below src/run/commands/ declares its own here, by kind, as
 * `declare module '../../model/result.ts' { interface CommandEndings { … } }`.
 */
// oxlint-disable-next-line typescript/no-empty-object-type
export interface CommandEndings {}

/** How one host's run ended. */
export type Ending =
  | CommandEnding
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'pending' }
  /** Without a receipt: only packages or a certificate were missing. */
  | { readonly kind: 'changed'; readonly receipt?: Receipt; readonly after?: Afterwards }
  | { readonly kind: 'declined' }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
      readonly exit: number;
      /** The place in a file, with a caret. */
      readonly excerpt?: string;
      /** The transaction, if there was one. */
      readonly receipt?: Receipt;
    };

type CommandEnding = {
  [K in keyof CommandEndings]: { readonly kind: K } & CommandEndings[K];
}[keyof CommandEndings];

/** Facts that users and the administrator need after an apply. */
export interface Afterwards {
  readonly profile: Profile;
  /** Null if nobody logs in there, or the files do not tell. */
  readonly clients: ClientSettings | null;
  /** The points that an audit would still find. */
  readonly left: readonly Left[];
  /** A rollback can undo the change. */
  readonly reversible: boolean;
}

export interface HostResult {
  readonly host: string;
  readonly ending: Ending;
  readonly exit: number;
  readonly facts: Facts | null;
  readonly plan: Plan | null;
  readonly findings: readonly Finding[];
  /** Only in an audit: one entry for each port. */
  readonly audit?: readonly PortAudit[];
  /** Only in an audit. */
  readonly grade?: Grade;
  readonly seconds: number;
}
