/**
 * The plain values that the rooms hand to one another, in the order of the road:
 * inventory → connect → gather → plan → diff → commit → verify → report.
 * This file imports nothing; everything may import it.
 */

/** A file's content with one char per byte (latin1), so that no byte is lost, whatever the file's encoding. */
export type Bytes = string;

export const PROFILES = ['standard', 'strict'] as const;
export type Profile = (typeof PROFILES)[number];

/** What strict does only when it is asked to, by the option of that name. */
export const WISHES = ['require-tls-inbound', 'no-pop3'] as const;
export type Wish = (typeof WISHES)[number];

/** As certbot calls them. */
export const KEY_TYPES = ['ecdsa', 'rsa'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

export const TASKS = [
  'install',
  'certbot',
  'sasl',
  'starttls',
  'smtps',
  'plaintext',
  'dovecot-ssl',
  'restart',
] as const;
export type TaskName = (typeof TASKS)[number];

// ── inventory ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Names with a certificate of their own, which is shown to who asks for one of them (SNI, RFC 6066). */
export interface Sni {
  /** certbot keeps the certificate under the first of them. */
  readonly names: readonly string[];
  /** The admin's own certificate, paths on the host; both or neither. */
  readonly cert?: string;
  readonly key?: string;
}

/** One mail server, as flags, environment and inventory describe it. */
export interface Host {
  /** What the user calls it: the key in the inventory, or the value of --host. */
  readonly name: string;
  /** What to connect to, as `ssh` would take it: a name, an address or an alias. */
  readonly hostname: string;
  readonly port?: number;
  readonly user?: string;
  /** Path of a private key on the control machine. */
  readonly identity?: string;
  /** The mail domain name of the certificate. Default: what the host's own Postfix calls itself. */
  readonly domain?: string;
  /** Further names for the certificate. */
  readonly domains?: readonly string[];
  /** Folder on the host that its web server serves for these names, for http-01. Default: found. */
  readonly webroot?: string;
  /** What certbot runs before and after it answers on port 80 itself, to free it. */
  readonly preHook?: string;
  readonly postHook?: string;
  readonly keyType?: KeyType;
  /** The admin's own certificate, paths on the host; both or neither. certbot has nothing to do then. */
  readonly cert?: string;
  readonly key?: string;
  /** Further names, each certificate of their own. Default: as it was last applied, else none. */
  readonly sni?: readonly Sni[];
  /** Contact address for the certificate authority. */
  readonly email?: string;
  /** Directory URL of the ACME server; default is certbot's own (Let's Encrypt). */
  readonly acmeServer?: string;
  /** It is the machine that this runs on. */
  readonly local?: true;
  /** Roots that vouch for the ACME server and for what it issues, PEM; an inventory names their file on this machine. */
  readonly acmeCa?: string;
  /** Default: what it was last applied with, else standard. */
  readonly profile?: Profile;
  /** Refuse mail that comes to 25 without TLS? Default: as it was last applied. */
  readonly requireTlsInbound?: boolean;
  /** Serve POP3? Default: as it was last applied, else yes. */
  readonly pop3?: boolean;
  /** The groups of the inventory that it belongs to. */
  readonly groups?: readonly string[];
}

// ── gather ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One file as it was read. `path` may be a symbolic link; `target` is what would be written. */
export interface RemoteFile {
  readonly path: string;
  /** Where the path leads once every symbolic link is followed; equal to `path` for a plain file. */
  readonly target: string;
  readonly bytes: Bytes;
  /** Hex digest of the bytes: the transaction refuses to write when it no longer holds. */
  readonly sha256: string;
  /** Octal, four digits: `0644`. */
  readonly mode: string;
  /** `user:group`, by name where the host has one. */
  readonly owner: string;
  /** Last status change, seconds since the epoch: compared with the daemon's last load. */
  readonly changed: number;
}

/** A package as dpkg knows it. `status` is dpkg's third word: `installed`, `half-configured`, … */
export interface Package {
  readonly version: string;
  readonly status: string;
}

/** A TCP socket that listens on the host. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  /** Name of the program that holds it, empty where the kernel does not tell. */
  readonly process: string;
}

export interface Unit {
  readonly active: boolean;
  /** When the daemon last took up its configuration (start or reload), seconds since the epoch; 0 when unknown. */
  readonly loaded: number;
  /** An upgrade put a new unit in place and left the old release's daemon running: only a restart reaches it. */
  readonly stale?: true;
}

/** A certificate that certbot keeps: `/etc/letsencrypt/live/NAME/`. */
export interface Lineage {
  readonly name: string;
  /** The public chain, PEM. The private key is never read. */
  readonly chain: string;
  /** Is the certificate's private key there, whole and without a password? */
  readonly key: boolean;
  /** How certbot renews it (`standalone`, `webroot`, `dns-…`); null for what somebody laid there by hand. */
  readonly authenticator: string | null;
  /** Every user of the host may read the private key. */
  readonly exposed?: true;
  /** certbot has a command to run before each renewal. */
  readonly hooked?: true;
}

/** A certificate that the admin brings, as its files are on the host. */
export interface Provided {
  /** Paths. */
  readonly cert: string;
  readonly key: string;
  /** The certificates of the one file, PEM; empty where it holds none. */
  readonly chain: string;
  /** The key's public half, PEM; empty where the key gives none, `unknown` where there was no openssl. The key is never read. */
  readonly publicKey: string;
  /** Paths where there is no file. */
  readonly missing: readonly string[];
  /** Every user of the host may read the private key. */
  readonly exposed: boolean;
  /** There is a private key in the certificate's file. */
  readonly keyInside: boolean;
  /** Last status change of either, seconds since the epoch. */
  readonly changed: number;
}

/** What is known of the host besides its files. Versions are upstream's (`3.7.11`), without Debian's revision. */
export interface Facts {
  /** The host's clock, seconds since the epoch. */
  readonly now: number;
  /** Who has a transaction under way there; empty when nobody. */
  readonly busy: string;
  /** Transactions in its journal that did not come to their end, oldest first. */
  readonly unfinished: readonly string[];
  readonly os: {
    readonly id: string;
    readonly versionId: string;
    readonly codename: string;
    readonly pretty: string;
  };
  /** The name the host's Postfix answers with (`myhostname`), or the host's own full name. */
  readonly hostname: string;
  readonly packages: Readonly<Record<string, Package>>;
  /** What apt would install for those that are not there, with the version; without an entry apt knows none. */
  readonly candidates: Readonly<Record<string, string>>;
  /** What apt would take away for it (another mail server, say). */
  readonly removes: readonly string[];
  /** Installed version, else the candidate's; null when neither is known. */
  readonly postfix: string | null;
  readonly dovecot: string | null;
  /** Postfix's map types (`postconf -m`). */
  readonly maps: readonly string[];
  /** Postfix parameters as the host resolves them (`postconf -xh`), for the few whose default matters. */
  readonly postconf: Readonly<Record<string, string>>;
  /** Service names of the ports 465 and 587 that the host resolves. */
  readonly resolves: readonly string[];
  readonly listeners: readonly Listener[];
  readonly units: Readonly<Record<string, Unit>>;
  /** Of the daemons' units those that the admin has masked: systemd will not start them, nor reload them. */
  readonly masked: readonly string[];
  readonly lineages: readonly Lineage[];
  /** Absent where the admin brings none. */
  readonly provided?: Provided;
  /** Those that the admin brings for further names. */
  readonly providedSni?: readonly Provided[];
  /** Names that certbot would not give to a new one: something of theirs is there, whole or not. */
  readonly takenNames: readonly string[];
  /** What systemd says of certbot.timer: does it run now, and will it after the next boot? Null where there is none. */
  readonly timer: { readonly active: boolean; readonly enabled: boolean } | null;
}

export interface Snapshot {
  readonly facts: Facts;
  /** By path, as the path was asked for. */
  readonly files: Readonly<Record<string, RemoteFile>>;
}

// ── plan ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What is wanted of one host: its inventory entry with every default filled in. */
export interface Policy {
  readonly profile: Profile;
  /** Absent: nothing. */
  readonly asked?: readonly Wish[];
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
}

/** Nothing to do for a host. */
export function isEmpty(plan: Plan): boolean {
  return plan.actions.length + plan.settings.length + plan.changes.length + plan.activations.length === 0;
}

// ── commit ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the host says of a transaction. `id` names it in the journal. */
export interface Receipt {
  readonly id: string;
  readonly state: 'committed' | 'rolled-back' | 'refused' | 'broken';
  /** Where it stopped and why, in the host's words; empty when committed. */
  readonly step: string;
  readonly reason: string;
}

/** A transaction as the host's journal has it, newest first in a list. */
export interface Transaction {
  readonly id: string;
  /** Who ran it, as the control machine said. */
  readonly who: string;
  /** The journal's last word: `committed`, `rolled-back`, …; any other is one that did not come to its end. */
  readonly state: string;
  /** Where and why it did not stay; empty when it did. */
  readonly reason: string;
  readonly changes: readonly Change[];
}

/** What one script on a host took. The script itself is not told: values of the inventory stand in it. */
export interface RemoteCommand {
  readonly host: string;
  /** As the script is called here: `gather`, `commit`, … */
  readonly name: string;
  readonly seconds: number;
  /** Bytes of the script, and of what it answered. */
  readonly sent: number;
  readonly received: number;
  /** Exit status; null where no answer came. */
  readonly code: number | null;
}

// ── verify ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * One probe's result. `hint` is neither good nor bad: something could not be seen from here.
 * `via` says which way it was seen: `direct` from the control machine, `ssh` through the host itself, or `local` by the
 * host itself (--local); the last two prove less: daemons trust local connections, and no firewall is in between.
 */
export interface Finding {
  readonly port: number;
  readonly check: string;
  /** The name that was asked for, where it is not the mail domain's (SNI). */
  readonly name?: string;
  readonly status: 'pass' | 'fail' | 'warn' | 'hint';
  readonly text: string;
  readonly via: 'direct' | 'ssh' | 'local';
  /** Only of an audit. */
  readonly weight?: Weight;
}

/** What an audit says beside a probe's result. */
export interface Weight {
  readonly severity: Severity;
  /** The document that says so: an RFC, a CVE, … */
  readonly source: string;
  /** The profile whose apply mends it; null where none does. */
  readonly profile: Profile | null;
  /** Settings to look at, of the daemon behind this port. */
  readonly settings: readonly string[];
}

/** `low` warns, `medium` and `high` fail. */
export type Severity = 'ok' | 'info' | 'low' | 'medium' | 'high';

/** What an audit found on one port: everything that was tried, and came about. */
export interface PortAudit {
  readonly port: number;
  readonly protocol: 'smtp' | 'imap' | 'pop3';
  /** False where nobody answers; then all else is empty, and `why` says how it was refused. */
  readonly answers: boolean;
  /** Why not all could be asked; empty where it could. */
  readonly why: string;
  readonly greeting: string;
  /** In the server's words. */
  readonly capabilities: { readonly clear: readonly string[]; readonly inside: readonly string[] };
  /** Oldest first; suites by IANA's names, in the order in which the server chose them. */
  readonly versions: readonly {
    readonly version: string;
    readonly suites: readonly string[];
    readonly order: 'server' | 'client' | null;
  }[];
  /** Named groups, and primes as `dh 2048`. */
  readonly groups: readonly string[];
  /** Every chain that was served, as it was served. */
  readonly chains: readonly (readonly CertificateSeen[])[];
  readonly connections: number;
  readonly seconds: number;
}

export interface CertificateSeen {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  /** `RSA 2048`, `EC prime256v1`, … */
  readonly key: string;
  /** `sha256WithRSAEncryption`, … */
  readonly signature: string;
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  /** SHA-256, hex with colons. */
  readonly fingerprint: string;
}

// ── check ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How a host came to be other than the plan wants it. */
export interface Drift {
  /**
   * Files that would change, and the last transaction that wrote each; null where the journal has none. `edited`: what
   * stands there now is not what that transaction wrote.
   */
  readonly files: readonly {
    readonly path: string;
    readonly transaction: string | null;
    readonly edited: boolean;
  }[];
  /** What dpkg and ucf left beside edited files, waiting for a merge. */
  readonly leftovers: readonly string[];
}

// ── doctor ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One look on the way to a host, or at what apply needs there. */
export interface Diagnosis {
  readonly check: string;
  readonly status: 'ok' | 'fail';
  readonly text: string;
  /** How to mend it; empty when it is well. */
  readonly hint: string;
  /** The exit code that apply would end with; 0 when it is well. */
  readonly exit: number;
  readonly seconds: number;
}

// ── report ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How one host's run ended. */
export type Ending =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'pending' }
  /** Without a receipt: packages or a certificate were all that was missing. */
  | { readonly kind: 'changed'; readonly receipt?: Receipt }
  | { readonly kind: 'declined' }
  | { readonly kind: 'verified' }
  /** `doctor` */
  | { readonly kind: 'examined'; readonly diagnoses: readonly Diagnosis[] }
  /** `check`: there is drift where the plan is not empty. */
  | { readonly kind: 'checked'; readonly drift: Drift }
  /** `check --upgrade-to`: the plan is that of a host with the next release. */
  | { readonly kind: 'foreseen'; readonly release: string }
  /** `dns`: lines of a zone file. */
  | { readonly kind: 'dns'; readonly records: readonly string[] }
  | { readonly kind: 'history'; readonly transactions: readonly Transaction[] }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
      readonly exit: number;
      /** The place in a file, with a caret. */
      readonly excerpt?: string;
      /** The transaction, where there was one. */
      readonly receipt?: Receipt;
    };

export interface HostResult {
  readonly host: string;
  readonly ending: Ending;
  readonly exit: number;
  readonly facts: Facts | null;
  readonly plan: Plan | null;
  readonly findings: readonly Finding[];
  /** Only of an audit: by port. */
  readonly audit?: readonly PortAudit[];
  readonly seconds: number;
}
