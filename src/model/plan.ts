import type { Sni } from './host.ts';
import type { Effect } from './exposure.ts';
import type { Bytes, KeyType, MailDaemon, Profile, Replaceable, Service, TaskName, Wish } from './words.ts';

/** A private key and the certificate for it, as a daemon is told of them. */
export interface KeyPair {
  /** Paths: of the key, and of the file that the certificate itself stands in. They may be one. */
  readonly key: string;
  readonly cert: string;
  /** All files of the pair, in the order in which they are named. */
  readonly files: readonly string[];
  /** As Node calls it: `ec`, `rsa`, `ed25519`, … */
  readonly keyType: string;
}

/** A certificate that a daemon serves now, that is valid, and that it goes on serving: the administrator chose it. */
export interface Kept {
  /** Of several key types the first counts as the daemon's own; all are served. */
  readonly pairs: readonly [KeyPair, ...KeyPair[]];
  /** The certificate of the first pair with its chain, PEM. */
  readonly chain: Bytes;
  /** The same of each other pair. */
  readonly otherChains: readonly Bytes[];
  /** The mail domain; where the certificate does not have it, a name that it has. */
  readonly name: string;
  /** All DNS names that it is for. */
  readonly names: readonly string[];
  /** End of its validity, seconds since the epoch. */
  readonly until: number;
  /** Where it is set: `/etc/postfix/main.cf:12: smtpd_tls_cert_file`. */
  readonly setting: string;
  /** The folder below /etc/letsencrypt/live that the daemon is told. */
  readonly lineage: string | null;
  /** What certbot renews of it, also where its path leads there by a link. */
  readonly lineages: readonly string[];
  /** The settings name nothing else: they need no change. */
  readonly whole: boolean;
  /** The other daemon can serve it too. */
  readonly shared: boolean;
  /** Its private keys that every user of the host may read: paths. */
  readonly exposed: readonly string[];
  /** Last status change of its files, seconds since the epoch. */
  readonly changed: number;
  /** Folders in which a replacement of its files would show. */
  readonly folders: readonly string[];
}

/** A map of tls_server_sni_maps that holds copies of keys and certificates. */
export interface IndexedMap {
  /** `hash:/etc/postfix/sni` */
  readonly map: string;
  /** Where it is set: `/etc/postfix/main.cf:31: tls_server_sni_maps`. */
  readonly setting: string;
}

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
  /** What is left out on this host, by its files and by noServe; src/plan/serving/served-ports.ts fills it in. Absent: nothing. */
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
  /** Certificates that the daemons serve now and go on serving. Absent: none, or the admin wants another. */
  readonly kept?: Readonly<Partial<Record<MailDaemon, Kept>>>;
  /** Names of valid certificates that are served now and will not be any more: a new certificate has them too. */
  readonly namesInUse?: readonly string[];
  /** Lineages of certbot's that the daemons are told to serve: they come before others. */
  readonly lineagesInUse?: readonly string[];
  /** Pairs of key and certificate in smtpd_tls_chain_files that can be served. */
  readonly chainPairs?: readonly KeyPair[];
  /** Maps of the admin's from name to certificate in which a renewal does not show by itself. */
  readonly sniMaps?: readonly IndexedMap[];
  /** What is to be said of the certificates that are served now and do not stay. */
  readonly certificateNotes?: readonly string[];
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
      readonly challenge: (typeof CHALLENGES)[number];
      readonly webroot?: string;
      readonly preHook?: string;
      readonly postHook?: string;
      readonly keyType?: KeyType;
      readonly email?: string;
      readonly acmeServer?: string;
      /** Roots that vouch for the ACME server, PEM. */
      readonly acmeCa?: string;
    };

export const CHALLENGES = ['standalone', 'webroot'] as const;

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
  readonly unit: (typeof UNITS)[number];
  readonly how: (typeof WAYS_TO_ACTIVATE)[number];
  readonly why: string;
}

export const UNITS = ['dpkg', 'systemd', 'harden-mail-certificate.path', 'postfix', 'dovecot'] as const;
export const WAYS_TO_ACTIVATE = ['configure', 'reload', 'restart', 'start', 'stop'] as const;

/** Something the admin should know that is not a change: a stricter value kept, a setting overridden elsewhere. */
export interface Note {
  readonly task: TaskName;
  readonly level: (typeof NOTE_LEVELS)[number];
  readonly text: string;
  /** It tells of a choice that stays, and this word of --replace replaces it: in a dialogue it is asked about. */
  readonly consent?: Replaceable;
}

export const NOTE_LEVELS = ['info', 'warning'] as const;

/** `skipped`: left out by --tags or --skip-tags. */
export const TASK_STATES = ['ok', 'change', 'unknown', 'skipped'] as const;
export type TaskState = (typeof TASK_STATES)[number];

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
