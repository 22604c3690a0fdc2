/** The shape of a conversion rule: a 2.3 setting, its 2.4 form, and the reason. */
import { HardenMailError } from '../model/errors.ts';
import type { Setting } from '../formats/dovecot/dovecot-lexer.ts';
import { written } from '../formats/dovecot/dovecot-write.ts';
import type { Block } from './blocks.ts';

/** A 2.3 setting in its block: the input of a rule. */
export interface OldSetting {
  readonly file: string;
  readonly line: Setting;
  readonly block: Block;
  readonly key: string;
  readonly value: string;
}

/** The result for one line. */
export type Converted =
  /** The lines that replace it, in 2.4 syntax. */
  | { readonly lines: readonly string[] }
  /** It becomes a comment: 2.4 does not read it, and nothing is lost. */
  | { readonly drop: true; readonly why?: string }
  /** It cannot be converted: what the admin must do, one sentence. */
  | { readonly refuse: string };

/** The facts about the whole configuration that rules use. */
export interface Scope {
  /** Dovecot's version on the host, such as `2.4.1`. */
  readonly version: string;
  /** Is dovecot.conf in the syntax of 2.3? */
  readonly old: boolean;
  /** Is this Debian package installed? Without it Dovecot 2.4 does not know the settings of its plugins. */
  readonly has: (name: string) => boolean;
  /** How many users have a field of their own in a passwd-file whose path has `*` for each variable. */
  readonly userFields: (path: string) => readonly { readonly name: string; readonly count: number }[];
  /** Files that settings name (`dovecot-sql.conf.ext`), by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Is this field of a userdb a setting of 2.3 that 2.4 does not know under this name? There 2.4 ignores it. */
  readonly isOldField: (name: string) => boolean;
  /** The new name of a field of a userdb that is a plugin's setting, where nothing else of it has changed; else null. */
  readonly renamedField: (name: string) => string | null;
  /** Is one of these plugins in any `mail_plugins`, or may a database add some for single users? */
  readonly loaded: (plugins: readonly string[]) => boolean;
  /** The effective value among all occurrences at the top level or in `plugin { }`, outside of `protocol` and the like. */
  readonly global: (key: string) => string | null;
  readonly plugin: (key: string) => string | null;
  /** The names in `plugin { }`, in the order of their effective lines. */
  readonly pluginKeys: () => readonly string[];
  /** Is this a setting for all connections that a later line of the same name replaces? */
  readonly overridden: (line: Setting, key: string, place: OldPlace) => boolean;
  /** The members that a list at the top has at this line of a block; null if no line after it changes the list there. */
  readonly listBefore: (line: Setting, key: string) => readonly string[] | null;
  /** All blocks of a type, in the order in which the daemon reads them. */
  readonly blocks: (type: string) => readonly Block[];
  /** The first block of a type of which this is true. Each question is asked once of each block: configurations may have thousands. */
  readonly first: (type: string, is: (block: Block, scope: Scope) => boolean) => Block | undefined;
  /** The name for a block without one; 2.4 requires a name. */
  readonly nameOf: (block: Block) => string;
}

/** A setting of a file that a passdb or userdb names (`dovecot-sql.conf.ext`), and a reader for the file's other settings. */
export interface ExternalEntry {
  readonly line: Setting;
  readonly read: (key: string) => string | null;
  readonly scope: Scope;
}

/** The kind of block that a setting is in: `global` also covers `protocol`, `local`, `local_name` and `remote` blocks. */
export type OldPlace =
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

/** One row of the table in docs/dovecot-2.4.md. */
export interface Rule {
  readonly place: OldPlace;
  readonly old: string;
  /** The name in 2.4; with `by`, a summary of the result. Empty if nothing replaces it. */
  readonly now: string;
  /** Converts the value; absent: only variables change. */
  readonly value?: (value: string) => string | { readonly refuse: string };
  /** Converts a setting that is more than renamed. */
  readonly by?: (entry: OldSetting, scope: Scope) => Converted;
  /** A later `=` replaces also what `by` makes of this line, as it did in 2.3. The packages' files have such lines, so they stay. */
  readonly replaceable?: true;
  readonly why: string;
  readonly source: string;
}

/** One setting, or line that opens a block, that changes: the text before and after (null: removed). */
export interface ConvertedLine {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly setting: string;
  readonly before: string;
  /** May be several lines. */
  readonly after: string | null;
  /** Of a setting that 2.4 does not have: why nothing is lost. */
  readonly why?: string;
  /** A line of a package's file that the upgrade has put in the place of 2.3's, which had no such line. */
  readonly replaced?: true;
}

/** The result of a rule; a refusal where 2.4's syntax cannot have a value that 2.3's had. */
export function orRefused<T>(rule: () => T): T | { readonly refuse: string } {
  try {
    return rule();
  } catch (error) {
    if (error instanceof HardenMailError && error.code === 'CONFIG_INVALID')
      return refuse('write this value without `#`, quotes and line ends: in 2.4 it cannot have them');
    throw error;
  }
}

export const refuse = (what: string): { readonly refuse: string } => ({ refuse: what });

/** `header {`, the lines indented by one step, `}`. */
export function nested(header: string, lines: readonly string[]): string[] {
  return [`${header} {`, ...lines.map((line) => `  ${line}`), '}'];
}

/** In 2.4 only a value that begins so is more than its characters: `$SET:name`, `$ENV:NAME`, `<FILE`. */
const isMore = (value: string): boolean => /^[<$]/.test(value);

/** `name = value`, written so that Dovecot 2.4 reads the same value back; in quotes if it was quoted before. */
export function set(name: string, value: string, quoted = false): string {
  const bare = written(value, isMore);
  if (!quoted || bare !== value) return `${name} = ${bare}`.trimEnd();
  return `${name} = "${value.replace(/["\\]/g, '\\$&')}"`;
}
