import type { CertificateRequest } from './certificate-request.ts';
import type { Sni } from './host.ts';
import type { Effect } from './exposure.ts';
import type { Left } from './left.ts';
import type { Bytes, MailDaemon, Profile, Replaceable, Service, TaskName, Wish } from './words.ts';

/** A private key and its certificate, as a daemon's settings name them. */
export interface KeyPair {
  /** Paths of the key and of the file with the certificate itself. Both may be the same file. */
  readonly key: string;
  readonly cert: string;
  /** All files of the pair, in the order in which the settings name them. */
  readonly files: readonly string[];
  /** In Node's terms: `ec`, `rsa`, `ed25519`, … */
  readonly keyType: string;
}

/** A valid certificate that a daemon serves now and will still serve, because the administrator chose it. */
export interface Kept {
  /** One pair for each key type. The first counts as the daemon's own; all are served. */
  readonly pairs: readonly [KeyPair, ...KeyPair[]];
  /** The certificate of the first pair with its chain, PEM. */
  readonly chain: Bytes;
  /** The same for each other pair. */
  readonly otherChains: readonly Bytes[];
  /** The mail domain; if the certificate does not cover it, a name that it covers. */
  readonly name: string;
  /** All DNS names of the certificate. */
  readonly names: readonly string[];
  /** End of its validity, seconds since the epoch. */
  readonly until: number;
  /** Where it is set: `/etc/postfix/main.cf:12: smtpd_tls_cert_file`. */
  readonly setting: string;
  /** The folder below /etc/letsencrypt/live that the daemon's settings name. */
  readonly lineage: string | null;
  /** certbot's lineages among its files, including those that a path reaches through a symbolic link. */
  readonly lineages: readonly string[];
  /** The settings name nothing else, so they need no change. */
  readonly whole: boolean;
  /** The other daemon can serve it too. */
  readonly shared: boolean;
  /** Paths of its private keys that every user of the host may read. */
  readonly exposed: readonly string[];
  /** Last status change of its files, seconds since the epoch. */
  readonly changed: number;
  /** Folders in which a replacement of its files is visible. */
  readonly folders: readonly string[];
}

/** A map of tls_server_sni_maps that contains copies of keys and certificates. */
export interface IndexedMap {
  /** `hash:/etc/postfix/sni` */
  readonly map: string;
  /** Where it is set: `/etc/postfix/main.cf:31: tls_server_sni_maps`. */
  readonly setting: string;
}

/** Postfix without Dovecot, as the administrator has it. */
export interface Alone {
  /** Do users log in on Postfix? Then a service other than Dovecot checks their passwords. */
  readonly logins: boolean;
}

/** The target state of one host: its inventory entry with every default filled in. */
export interface Policy {
  readonly profile: Profile;
  /** The release to which the host will be upgraded next: mail is kept in the queue until the apply after it. Absent: none. */
  readonly prepares?: string;
  /** Absent: nothing. */
  readonly asked?: readonly Wish[];
  /** Choices of the administrator that apply may replace although they work. Absent: none. */
  readonly replace?: readonly Replaceable[];
  /** Services to add although the host does not serve them, and services to stop. Absent: no change. */
  readonly serve?: readonly Service[];
  readonly noServe?: readonly Service[];
  /** Services that this host leaves out, by its files and noServe; set by src/plan/serving/served-ports.ts. Absent: none. */
  readonly leftOut?: readonly Service[];
  /** Postfix works without Dovecot, by the same file. Absent: the host has Dovecot, or gets it. */
  readonly alone?: Alone;
  readonly domain: string;
  /** All names that the certificate must have; the first is `domain`. */
  readonly domains: readonly string[];
  /** Absent: every setting has its default. */
  readonly request?: CertificateRequest;
  /** The admin's own certificate: paths on the host. */
  readonly own?: { readonly cert: string; readonly key: string };
  /** Certificates that the daemons serve now and will still serve. Absent: none, or the admin wants another. */
  readonly kept?: Readonly<Partial<Record<MailDaemon, Kept>>>;
  /** Names of valid certificates that are served now and will be replaced: a new certificate covers them too. */
  readonly namesInUse?: readonly string[];
  /** certbot's lineages that the daemons' settings name: they are preferred to others. */
  readonly lineagesInUse?: readonly string[];
  /** Servable pairs of key and certificate in smtpd_tls_chain_files. */
  readonly chainPairs?: readonly KeyPair[];
  /** The admin's maps from name to certificate that do not follow a renewal by themselves. */
  readonly sniMaps?: readonly IndexedMap[];
  /** Notes on the certificates that are served now and will be replaced. */
  readonly certificateNotes?: readonly string[];
  /** Absent: no additional names. */
  readonly sni?: readonly Sni[];
}

/** Work that must be done before the settings that depend on it can take effect. */
export type Action =
  | { readonly kind: 'install'; readonly packages: readonly string[] }
  | {
      readonly kind: 'certificate';
      /** certbot's name for the certificate. An existing certificate of that name is replaced. */
      readonly name: string;
      readonly domain: string;
      /** All names that it must cover: the domain, other wanted names, and the names that it covers now. */
      readonly domains: readonly string[];
      /** How the authority's challenge is answered on port 80: by certbot itself, or by an existing web server. */
      readonly challenge: (typeof CHALLENGES)[number];
      readonly request: CertificateRequest;
    };

export const CHALLENGES = ['standalone', 'webroot'] as const;

/** Takes the place of a fragment's name when a Dovecot 2.3 setting is rewritten in 2.4's syntax. */
export const CONVERSION = 'dovecot:2.4';

/** One setting that differs from its target. `before` is null if it is not set at all. */
export interface SettingChange {
  readonly task: TaskName;
  readonly fragment: string;
  readonly setting: string;
  readonly file: string;
  readonly before: string | null;
  /** Null if the setting is removed. */
  readonly after: string | null;
}

/** One file before and after. `before` is null for a file that does not exist yet, `after` for a file that is removed. */
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

/**
 * The step that makes changes take effect. `systemd` reloads its unit files. `dpkg` is configured if an upgrade stopped half-way:
 * its packages then start the daemons.
 */
export interface Activation {
  readonly unit: (typeof UNITS)[number];
  readonly how: (typeof WAYS_TO_ACTIVATE)[number];
  readonly why: string;
}

export const UNITS = ['dpkg', 'systemd', 'harden-mail-certificate.path', 'postfix', 'dovecot'] as const;
export const WAYS_TO_ACTIVATE = ['configure', 'reload', 'restart', 'start', 'stop'] as const;

/** Information for the admin that is not a change: a stricter value is kept, a setting is overridden elsewhere. */
export interface Note {
  readonly task: TaskName;
  readonly level: (typeof NOTE_LEVELS)[number];
  readonly text: string;
  /** The note is about a choice that stays; this value of --replace replaces it. A dialogue asks about it. */
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
  /** Permissions that the plan widens or narrows. Absent: unknown (for a rollback of packages, for example). */
  readonly effects?: readonly Effect[];
  /** The points that an audit would still report afterwards. Absent: unknown. */
  readonly left?: readonly Left[];
}

/** The plan changes nothing on the host. */
export function isEmpty(plan: Plan): boolean {
  return plan.actions.length + plan.settings.length + plan.changes.length + plan.activations.length === 0;
}
