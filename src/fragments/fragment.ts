import type { MailDaemon, Profile, TaskName, Wish } from '../model/index.ts';

/**
 * One desired setting with its reason. A fragment says what is wanted and why; how it gets into a file is the business
 * of src/plan and src/formats. Values may hold `{cert}`, `{key}`, `{domain}`, `{lineage}`, `{sasl_path}` and
 * `{auth_socket}` (the certificate's chain and key, the mail domain, certbot's name for the certificate, where Postfix asks
 * about passwords, and the same as an absolute path), `{dovecot_cert}` and `{dovecot_key}` (the certificate of Dovecot, which
 * may serve another), and `{chains}` (all pairs for smtpd_tls_chain_files). One with
 * `{name}` in its block stands for one for each further name of the host, and its values are of that name's certificate.
 */
export interface Fragment {
  /** Unique, and what `harden-mail explain` also takes: `main.cf:smtpd_sasl_type`. */
  readonly id: string;
  readonly task: TaskName;
  /** The name by which the daemon's own manual knows it. */
  readonly setting: string;
  readonly place: Place;
  readonly merge: Merge;
  /** Absent: always. All that is given must hold. */
  readonly when?: Condition;
  /** The profile from which on it is wanted: `standard` is part of `strict` too. */
  readonly profile: Profile;
  /** Fragments of one group are applied together, or not at all where the guard objects (src/exposure/guard.ts). */
  readonly group?: string;
  /** Applied only where it makes nothing stricter on an entry whose relaying is decided already. */
  readonly gently?: true;
  /** Applied only where the guard has left out the fragment of this id: another way to the same end. */
  readonly instead?: string;
  readonly why: string;
  /** The document that says so: a manual's name and section, or an RFC. */
  readonly source: string;
  /** The lines of the recipe that it carries out, word for word; empty where the recipe has none. */
  readonly recipe: readonly string[];
}

export type Place =
  /** A parameter of main.cf. */
  | { readonly in: 'main.cf' }
  /**
   * A `-o` option of every active master.cf entry that serves this port. `outside`: not of one with a loopback address, where the
   * host and its filters hand in mail.
   */
  | { readonly in: 'master.cf'; readonly port: 25 | 465 | 587; readonly outside?: true }
  /** A setting of Dovecot: in which block, and the file where it belongs when it is not set anywhere yet. */
  | { readonly in: 'dovecot'; readonly block: readonly string[]; readonly home: string };

export type Merge =
  /** The value, whatever stands there. */
  | { readonly how: 'set'; readonly value: string }
  /** The value, unless what stands there is as strict or stricter on this scale. */
  | { readonly how: 'at-least'; readonly value: string; readonly scale: Scale }
  /** The value only where nothing is set: what the admin has stays. */
  | { readonly how: 'default'; readonly value: string }
  /** The value, unless the admin says `declined` in so many words: that stays, with a note. */
  | { readonly how: 'offer'; readonly value: string; readonly declined: string }
  /**
   * These words of a list, in this order among themselves; the admin's own stay, in theirs. A list that is not set at all
   * becomes just these, or stays unset with `unset: 'leave'` (the daemon's default already has them).
   */
  | { readonly how: 'member'; readonly members: readonly string[]; readonly unset: 'write' | 'leave' }
  /**
   * A restriction list that refuses to relay lets users through: `permit_sasl_authenticated` directly before the refusal, and
   * never before a check. A list that is not set stays unset: the daemon's default has it.
   */
  | { readonly how: 'permit-users' }
  /**
   * These words are taken out of a list; one that is not set has none of them. The last word of a list is never taken, but
   * with `last: 'goes'`, where the setting goes with it.
   */
  | { readonly how: 'without'; readonly members: readonly string[]; readonly last?: 'goes' }
  /** These files, in this order, however the list is laid out (smtpd_tls_chain_files). */
  | { readonly how: 'files'; readonly value: string }
  /** Taken away: the newer setting says it now. */
  | { readonly how: 'remove' }
  /** An active master.cf entry for the port: added below the release's commented-out sample where there is none. */
  | { readonly how: 'service'; readonly samples: readonly string[] };

/**
 * How strictness is compared.
 * - `ladder`: from lax to strict; a value that is not on it is the admin's own and stays. `implied` are older settings
 *   that mean a rung of it.
 * - `protocols`: by the set of TLS versions that a value lets through: the smaller set is the stricter.
 * - `mode`: octal permission bits: no bit more than wanted.
 * - `ciphers`: an OpenSSL cipher list by what it lets in: names of the wanted list, or less. What only takes away is stricter.
 * - `limit`: a number of times, smaller is stricter; 0 is no limit.
 * - `delay`: a time with its unit (`2 secs`), longer is stricter.
 */
export type Scale =
  | {
      readonly by: 'ladder';
      readonly rungs: readonly string[];
      readonly implied?: readonly Implied[];
    }
  | { readonly by: 'protocols' }
  | { readonly by: 'mode' | 'ciphers' | 'limit' | 'delay' };

/** Older settings that mean a rung: all of them must have this value; null is unset. The first that holds counts. */
export interface Implied {
  readonly where: readonly (readonly [setting: string, value: string | null])[];
  readonly means: string;
}

export interface Condition {
  /** Version ranges, such as `>=3.6` or `>=3.4 <3.9`; of several, parted by ` || `, one. */
  readonly postfix?: string;
  readonly dovecot?: string;
  /** This parameter is, or is not, set in main.cf. */
  readonly set?: string;
  readonly unset?: string;
  /** Postfix has, or has not, this map type. */
  readonly map?: string;
  readonly noMap?: string;
  /** Only where the admin has asked for it. */
  readonly asked?: Wish;
  /** Only where Postfix asks, or is to ask, Dovecot through a Unix socket (plan/sasl.ts). */
  readonly sasl?: 'dovecot';
  /** Only where Postfix's user could not open that socket otherwise. */
  readonly unreached?: true;
  /** Only where this daemon does not go on serving the certificate that the admin has set for it. */
  readonly notKept?: MailDaemon;
  /** Only where there are, or are not, further names with certificates of their own. */
  readonly sni?: boolean;
}
