/** The shape of a conversion rule: a 2.3 setting, its 2.4 form, and the reason. */
import type { Setting } from '../formats/dovecot-lexer.ts';
import { written } from '../formats/dovecot-write.ts';
import type { Block } from './blocks.ts';

/** A 2.3 setting in its block, as a rule meets it. */
export interface Entry {
  readonly file: string;
  readonly line: Setting;
  readonly block: Block;
  readonly key: string;
  readonly value: string;
}

/** What becomes of one line. */
export type Outcome =
  /** The lines that stand in its place, in 2.4's words. */
  | { readonly lines: readonly string[] }
  /** It stays as a comment: nothing of 2.4 reads it, and nothing is lost. */
  | { readonly drop: true }
  /** It cannot be converted: what the admin has to do, one sentence. */
  | { readonly refuse: string };

/** What a rule may ask about the whole configuration. */
export interface Scope {
  /** Dovecot's version on the host, such as `2.4.1`. */
  readonly version: string;
  /** Is this package of Debian's installed? Without it Dovecot 2.4 does not know the settings of its plugins. */
  readonly has: (name: string) => boolean;
  /** Files that settings name (`dovecot-sql.conf.ext`), by path. */
  readonly files: Readonly<Record<string, string>>;
  /** The winner among all that set this at the top or in `plugin { }`, outside of `protocol` and the like. */
  readonly global: (key: string) => string | null;
  readonly plugin: (key: string) => string | null;
  /** All blocks of a type, in the daemon's order. */
  readonly blocks: (type: string) => readonly Block[];
  /** The name that a block without one gets; 2.4 wants one. */
  readonly nameOf: (block: Block) => string;
}

/** A setting of a file that a passdb or userdb names (`dovecot-sql.conf.ext`), with a reader for that file's other settings. */
export interface ExternalEntry {
  readonly line: Setting;
  readonly read: (key: string) => string | null;
  readonly scope: Scope;
}

/** Where a setting stands: `global` also is within `protocol`, `local`, `local_name` and `remote` blocks. */
export type Place =
  | 'global'
  | 'plugin'
  | 'service'
  | 'listener'
  | 'passdb'
  | 'userdb'
  | 'namespace'
  | 'mailbox'
  | 'dict'
  | 'event_exporter'
  | 'metric';

/** One row of the table that docs/dovecot-2.4.md shows. */
export interface Rule {
  readonly place: Place;
  readonly old: string;
  /** 2.4's name; with `by`, what it becomes in words of the configuration. Empty where nothing takes its place. */
  readonly now: string;
  /** How the value changes; absent: it stays but for its variables. */
  readonly value?: (value: string) => string | { readonly refuse: string };
  /** For what is no plain renaming. */
  readonly by?: (entry: Entry, scope: Scope) => Outcome;
  readonly why: string;
  readonly source: string;
}

export const refuse = (what: string): { readonly refuse: string } => ({ refuse: what });

/** `header {`, the lines a step further in, `}`. */
export function nested(header: string, lines: readonly string[]): string[] {
  return [`${header} {`, ...lines.map((line) => `  ${line}`), '}'];
}

/** `name = value`, the value written such that it is read back the same; in quotes where it was before. */
export function set(name: string, value: string, quoted = false): string {
  const bare = written(value);
  if (!quoted || bare !== value) return `${name} = ${bare}`.trimEnd();
  return `${name} = "${value.replace(/["\\]/g, '\\$&')}"`;
}
