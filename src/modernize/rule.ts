/** The shape of a rule: what a version of Postfix no longer accepts as it is written, and what means the same today. */
import type { Note } from '../model/index.ts';

/** The prefixes of parameters that set a TLS level. */
export type TlsSide = 'smtpd' | 'smtp' | 'lmtp' | 'postscreen' | 'tlsproxy' | 'tlsproxy_client';

/** How `apply` does it. */
export type RuleStep =
  /** Restrictions that mean the same take its place. */
  | { readonly how: 'meaning' }
  /** Another name. `value`: the value under the new name; null: the setting goes, because the default means the same. */
  | { readonly how: 'rename'; readonly to: string; readonly value?: (old: string) => string | null }
  /** The setting goes. `only`: where its value matches; another value stays, and is reported. */
  | { readonly how: 'drop'; readonly only?: RegExp; readonly todo?: string }
  /** Another value. */
  | { readonly how: 'value'; readonly from: RegExp; readonly to: string }
  /** The TLS level that the old parameters mean. */
  | { readonly how: 'level'; readonly side: TlsSide }
  /** `smtp_dns_support_level`, `lmtp_dns_support_level` */
  | { readonly how: 'dns' }
  /** Nothing is written: `check --upgrade-to` tells where it stands and what to do. */
  | { readonly how: 'tell'; readonly level: Note['level']; readonly todo: string }
  /** Nothing has to be done, and nothing is reported. */
  | { readonly how: 'keep' };

/** One row of the table in docs/postfix-upgrades.md. */
export interface PostfixRule {
  /** The name as it stands in the files: a restriction, a parameter, a type of table, a column. */
  readonly what: string;
  readonly kind: 'restriction' | 'parameter' | 'table' | 'default' | 'service';
  /** The first version of Postfix that treats it so. */
  readonly since: string;
  readonly state: 'removed' | 'deprecated' | 'ignored' | 'changed';
  /** The replacement, in words for people. */
  readonly instead: string;
  readonly step: RuleStep;
  /** For a default that changed: the setting that must be there for it to matter. */
  readonly onlyWith?: string;
  readonly task: 'sasl' | 'starttls';
  readonly why: string;
  readonly source: string;
}

export const DEPRECATION = 'Postfix DEPRECATION_README';
export const NOTES = (version: string): string => `Postfix RELEASE_NOTES-${version}`;
