import type { MailDaemon, Profile, TaskName, Wish } from '../model/index.ts';

/**
 * One wanted setting, with its reason. Where and how it is written into a file is decided by src/plan and src/formats. Values may hold
 * - `{cert}`, `{key}`: the certificate's chain and key;
 * - `{dovecot_cert}`, `{dovecot_key}`: those of Dovecot, which may serve another certificate;
 * - `{chains}`: all pairs for smtpd_tls_chain_files;
 * - `{domain}`, `{lineage}`: the mail domain, and certbot's name for the certificate;
 * - `{sasl_path}`, `{auth_socket}`: the socket on which Postfix asks Dovecot about passwords, as Postfix has it and as an absolute path.
 *
 * A fragment with `{name}` in its block stands for one fragment per additional name of the host, with that name's certificate.
 */
export interface Fragment {
  /** Unique, such as `main.cf:smtpd_sasl_type`; `harden-mail explain` accepts it too. */
  readonly id: string;
  readonly task: TaskName;
  /** The setting's name in the daemon's manual. */
  readonly setting: string;
  readonly place: Place;
  readonly merge: Merge;
  /** All given conditions must hold; absent: always. */
  readonly when?: Condition;
  /** The lowest profile that has it: `standard` settings are part of `strict` too. */
  readonly profile: Profile;
  /** All fragments of a group are applied, or none of them if the guard objects (src/exposure/guard.ts). */
  readonly group?: string;
  /** For an entry that already decides about relaying: applied only if it makes nothing stricter. */
  readonly gently?: true;
  /** Applied only if the guard has left out the fragment with this id: an alternative with the same purpose. */
  readonly instead?: string;
  /** What clients need once the setting is written, for the plan's summary; absent: they notice nothing, or the exposure map says it. */
  readonly clients?: string;
  readonly why: string;
  /** The document that supports the reason: a manual's name and section, or an RFC. */
  readonly source: string;
  /** The lines of the recipe that it carries out, word for word; empty if the recipe has none. */
  readonly recipe: readonly string[];
}

export type Place =
  /** A parameter of main.cf. */
  | { readonly in: 'main.cf' }
  /**
   * A `-o` option of every active master.cf entry that serves this port. `outside`: except entries with a loopback address, through
   * which the host and its filters submit mail.
   */
  | { readonly in: 'master.cf'; readonly port: 25 | 465 | 587; readonly outside?: true }
  /** A setting of Dovecot: its block, and the file it is added to if it is not set anywhere. */
  | { readonly in: 'dovecot'; readonly block: readonly string[]; readonly home: string };

export type Merge =
  /** This value, whatever the present value is. */
  | { readonly how: 'set'; readonly value: string }
  /** The value, unless the present one is as strict or stricter on this scale. */
  | { readonly how: 'at-least'; readonly value: string; readonly scale: Scale }
  /** The value only if nothing is set; a value of the administrator stays. */
  | { readonly how: 'default'; readonly value: string }
  /** The value, unless the administrator has explicitly set `declined`: that stays, with a note. */
  | { readonly how: 'offer'; readonly value: string; readonly declined: string }
  /**
   * These words in a list, in this order; the administrator's own words stay, in their order. If the list is not set, it becomes
   * these words, or stays unset with `unset: 'leave'` (the daemon's default already has them). A list with one of `covered` has
   * their effect, and more.
   */
  | {
      readonly how: 'member';
      readonly members: readonly string[];
      readonly unset: 'write' | 'leave';
      readonly covered?: readonly string[];
    }
  /**
   * A restriction list that refuses to relay gets `permit_sasl_authenticated` directly before the refusal, but never before a
   * check. A list that is not set stays unset: the daemon's default has it.
   */
  | { readonly how: 'permit-users' }
  /**
   * Removes these words from a list; a list that is not set has none of them. The last word of a list stays, unless
   * `last: 'goes'` is given: then the setting is removed with it.
   */
  | { readonly how: 'without'; readonly members: readonly string[]; readonly last?: 'goes' }
  /** These files, in this order, in any layout of the list (smtpd_tls_chain_files). */
  | { readonly how: 'files'; readonly value: string }
  /** Removes the setting: a newer setting replaces it. */
  | { readonly how: 'remove' }
  /** An active master.cf entry for the port. If there is none, it is added below the release's commented-out sample. */
  | { readonly how: 'service'; readonly samples: readonly string[] };

/**
 * How two values are compared for strictness.
 * - `ladder`: rungs from lax to strict; a value that is not on the ladder is the administrator's own and stays. `implied` are
 *   older settings that mean a rung.
 * - `protocols`: the set of TLS versions that a value allows; a smaller set is stricter.
 * - `mode`: octal permission bits; a value with no additional bit is as strict.
 * - `ciphers`: an OpenSSL cipher list. A value that allows only names of the wanted list, or fewer, is as strict; so is one that
 *   only excludes.
 * - `limit`: a number of times; smaller is stricter, and 0 means no limit.
 * - `delay`: a time with its unit (`2 secs`); longer is stricter.
 */
export type Scale =
  | {
      readonly by: 'ladder';
      readonly rungs: readonly string[];
      readonly implied?: readonly Implied[];
    }
  | { readonly by: 'protocols' }
  | { readonly by: 'mode' | 'ciphers' | 'limit' | 'delay' };

/** Older settings that mean a rung: each must have its value (null: unset). The first entry that applies counts. */
export interface Implied {
  readonly where: readonly (readonly [setting: string, value: string | null])[];
  readonly means: string;
}

export interface Condition {
  /** Version ranges, such as `>=3.6` or `>=3.4 <3.9`. Ranges separated by ` || ` are alternatives. */
  readonly postfix?: string;
  readonly dovecot?: string;
  /** This parameter must be set, or must not be set, in main.cf. */
  readonly set?: string;
  readonly unset?: string;
  /** Postfix must have, or must not have, this map type. */
  readonly map?: string;
  readonly noMap?: string;
  /** The administrator has asked for it. */
  readonly asked?: Wish;
  /** Postfix asks Dovecot through a Unix socket, now or after the change (plan/sasl.ts). */
  readonly sasl?: 'dovecot';
  /** Without this setting, Postfix's user could not open that socket. */
  readonly unreached?: true;
  /** This daemon does not keep a certificate that the administrator has set for it. */
  readonly notKept?: MailDaemon;
  /** There are, or are not, additional names with certificates of their own. */
  readonly sni?: boolean;
}
