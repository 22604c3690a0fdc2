import type { Sni } from './host.ts';
import type { Effect } from './exposure.ts';
import type { Bytes, KeyType, Profile, Replaceable, Service, TaskName, Wish } from './words.ts';

/** What is wanted of one host: its inventory entry with every default filled in. */
export interface Policy {
  readonly profile: Profile;
  /** Absent: nothing. */
  readonly asked?: readonly Wish[];
  /** What apply may replace although the administrator chose it and it works. Absent: nothing. */
  readonly replace?: readonly Replaceable[];
  /** What it is to serve although it does not, and what it is not to. Absent: what it serves. */
  readonly serve?: readonly Service[];
  readonly noServe?: readonly Service[];
  /** What is left out on this host, by its files and by noServe; src/plan/served-ports.ts fills it in. Absent: nothing. */
  readonly leftOut?: readonly Service[];
  readonly domain: string;
  /** All names that the certificate must have; the first is `domain`. */
  readonly domains: readonly string[];
  readonly webroot?: string;
  readonly preHook?: string;
  readonly postHook?: string;
  readonly keyType?: KeyType;
  /** The admin's own certificate: paths on the host. */
  readonly own?: { readonly cert: string; readonly key: string };
  /** Absent: no further names. */
  readonly sni?: readonly Sni[];
  readonly email?: string;
  readonly acmeServer?: string;
  /** Roots that vouch for the ACME server and for what it issues, PEM. */
  readonly acmeCa?: string;
}

/** Something that must be done before the settings that rest on it can go live. */
export type Action =
  | { readonly kind: 'install'; readonly packages: readonly string[] }
  | {
      readonly kind: 'certificate';
      /** What certbot keeps it under. One of its own of that name is replaced. */
      readonly name: string;
      readonly domain: string;
      /** All names that it must have: the domain, others that are wanted, and those that it has. */
      readonly domains: readonly string[];
      /** How the authority is answered on port 80: by certbot itself, or by a web server that is there. */
      readonly challenge: 'standalone' | 'webroot';
      readonly webroot?: string;
      readonly preHook?: string;
      readonly postHook?: string;
      readonly keyType?: KeyType;
      readonly email?: string;
      readonly acmeServer?: string;
      /** Roots that vouch for the ACME server, PEM. */
      readonly acmeCa?: string;
    };

/** Stands for a fragment where a setting of Dovecot 2.3 is put into 2.4's words. */
export const CONVERSION = 'dovecot:2.4';

/** One setting that is not as it should be. `before` is null where it was not set at all. */
export interface SettingChange {
  readonly task: TaskName;
  readonly fragment: string;
  readonly setting: string;
  readonly file: string;
  readonly before: string | null;
  /** Null where the setting is taken away. */
  readonly after: string | null;
}

/** One file before and after. `before` is null for a file that does not exist yet, `after` for one that goes. */
export interface Change {
  readonly path: string;
  readonly target: string;
  readonly before: Bytes | null;
  readonly after: Bytes | null;
  /** Digest of `before`, empty for a new file. */
  readonly sha256: string;
  readonly mode: string;
  readonly owner: string;
}

/** What takes the changes up. `systemd` reads its own files anew; `dpkg` is configured where an upgrade ended half-way: then its packages start the daemons. */
export interface Activation {
  readonly unit: 'dpkg' | 'systemd' | 'postfix' | 'dovecot';
  readonly how: 'configure' | 'reload' | 'restart' | 'start';
  readonly why: string;
}

/** Something the admin should know that is not a change: a stricter value kept, a setting overridden elsewhere. */
export interface Note {
  readonly task: TaskName;
  readonly level: 'info' | 'warning';
  readonly text: string;
  /** It tells of a choice that stays, and this word of --replace replaces it: in a dialogue it is asked about. */
  readonly consent?: Replaceable;
}

/** `skipped`: left out by --tags or --skip-tags. */
export type TaskState = 'ok' | 'change' | 'unknown' | 'skipped';

export interface TaskOutcome {
  readonly name: TaskName;
  readonly state: TaskState;
  readonly summary: string;
}

export interface Plan {
  readonly tasks: readonly TaskOutcome[];
  readonly actions: readonly Action[];
  readonly settings: readonly SettingChange[];
  readonly changes: readonly Change[];
  readonly activations: readonly Activation[];
  readonly notes: readonly Note[];
  /** Who may do more, and who less, once it is carried out. Absent: nothing is known of it (a rollback of packages, say). */
  readonly effects?: readonly Effect[];
}

/** Nothing to do for a host. */
export function isEmpty(plan: Plan): boolean {
  return plan.actions.length + plan.settings.length + plan.changes.length + plan.activations.length === 0;
}
