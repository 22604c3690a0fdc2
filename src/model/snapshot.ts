import type { Bytes } from './words.ts';

/** One file as it was read. `path` may be a symbolic link; a transaction writes to `target`. */
export interface RemoteFile {
  readonly path: string;
  /** Where the path leads once every symbolic link is followed; equal to `path` for a plain file. */
  readonly target: string;
  readonly bytes: Bytes;
  /** Hex digest of the bytes: a transaction refuses to write if it no longer matches. */
  readonly sha256: string;
  /** Octal, four digits: `0644`. */
  readonly mode: string;
  /** `user:group`, by name if the host has one. */
  readonly owner: string;
  /** Last status change, seconds since the epoch: compared with the time when the daemon last loaded its configuration. */
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
  /** Name of the program that owns it; empty if the kernel does not report it. */
  readonly process: string;
  /** Only of a Postfix `master`: is it of the instance that this tool works on? Absent for other programs, and if unknown. */
  readonly ours?: boolean;
  /** Only of another instance's `master`: the folder of its configuration; empty if unknown. */
  readonly instance?: string;
}

export interface Unit {
  readonly active: boolean;
  /** When the daemon last loaded its configuration (start or reload), seconds since the epoch; 0 if unknown. */
  readonly loaded: number;
  /** An upgrade installed a new unit and left the old release's daemon running: only a restart reaches it. */
  readonly stale?: true;
}

/** A certificate that certbot keeps: `/etc/letsencrypt/live/NAME/`. */
export interface Lineage {
  readonly name: string;
  /** The public chain, PEM. The private key is never read. */
  readonly chain: string;
  /** Does the certificate's private key exist, complete and without a password? */
  readonly key: boolean;
  /** How certbot renews it (`standalone`, `webroot`, `dns-…`); null for a certificate that was put there by hand. */
  readonly authenticator: string | null;
  /** Every user of the host may read the private key. */
  readonly exposed?: true;
  /** certbot runs a command before each renewal. */
  readonly hooked?: true;
}

/** A certificate that the admin supplies, as its files are on the host. */
export interface Provided {
  /** Paths. */
  readonly cert: string;
  readonly key: string;
  /** The certificates in the certificate's file, PEM; empty if it has none. */
  readonly chain: string;
  /** The key's public half, PEM; empty if the key is unusable, `unknown` without openssl on the host. The key is never read. */
  readonly publicKey: string;
  /** Paths without a file. */
  readonly missing: readonly string[];
  /** Every user of the host may read the private key. */
  readonly exposed: boolean;
  /** The certificate's file contains a private key. */
  readonly keyInside: boolean;
  /** Last status change of either file, seconds since the epoch. */
  readonly changed: number;
  /** Folders in which a replacement of either file is visible: its own, and that of each symbolic link on the path to it. */
  readonly folders?: readonly string[];
}

/** A file of certificates or keys that a daemon's configuration names. No byte of a private key is ever read from a host. */
export interface PemFile {
  readonly path: string;
  /** Where the path leads once every symbolic link is followed; empty without a file. */
  readonly target: string;
  /** The certificates in it, PEM, in the order of the file. */
  readonly certificates: string;
  /**
   * The public half of each private key in it, PEM, in file order: empty for a key that no daemon can use, `unknown` without
   * openssl on the host.
   */
  readonly publicKeys: readonly string[];
  /** It contains a private key, and every user of the host may read it. */
  readonly exposed: boolean;
  /** Last status change, seconds since the epoch; 0 without a file. */
  readonly changed: number;
  /** Folders in which a replacement of the file is visible: its own, and that of each symbolic link on the path to it. */
  readonly folders: readonly string[];
}

/** The reason for which a daemon's own parser refuses the present files. */
export interface Refusal {
  readonly daemon: 'postfix' | 'dovecot';
  /** The daemon's own words. */
  readonly text: string;
}

/** A lookup table that the configuration names and that Postfix cannot open. */
export interface LostMap {
  /** `alias_maps`; of an entry of master.cf `smtp/inet/smtpd_client_restrictions`. */
  readonly parameter: string;
  /** `hash:/etc/aliases` */
  readonly map: string;
  /** The file that is not there: `/etc/aliases.db`; `-` where Postfix does not know the type of table. */
  readonly file: string;
}

/** The versions that apt would install in place of the present ones. */
export interface Upcoming {
  readonly dovecot: string;
  /** Absent: apt knows no Postfix. */
  readonly postfix?: string;
  /** The suite that the Dovecot comes from (`trixie`); empty if apt does not tell. */
  readonly suite: string;
  /** unattended-upgrades is on. */
  readonly auto?: true;
}

/** Facts about the host besides its files. Versions are upstream's (`3.7.11`), without Debian's revision. */
/** How many users of a passwd-file have a field, or a password in a scheme. */
export interface UserField {
  readonly count: number;
  /** Without `userdb_`: `mail`, `quota_rule`. Of passwords `{SSHA}`, `{CRYPT}$6`, `{}des` without a scheme; `{*}` counts all of them. */
  readonly name: string;
  /** Of the file, with `*` for each variable. */
  readonly path: string;
}

export interface Facts {
  /** The host's clock, seconds since the epoch. */
  readonly now: number;
  /** The user and machine with a transaction in progress; empty: none. */
  readonly busy: string;
  /** Unfinished transactions in its journal, oldest first. */
  readonly unfinished: readonly string[];
  readonly os: {
    readonly id: string;
    readonly versionId: string;
    readonly codename: string;
    readonly pretty: string;
    /** Of a system that is neither Debian nor Ubuntu: the codename of the release that it is built on, if that is known. */
    readonly base?: string;
    /** It is none of the two, and is treated as the release that it is built on (--assume-os). */
    readonly assumed?: true;
  };
  /** The name with which the host's Postfix greets (`myhostname`), or the host's own full name. */
  readonly hostname: string;
  readonly packages: Readonly<Record<string, Package>>;
  /** The version that apt would install of each package that is not installed; no entry if apt knows none. */
  readonly candidates: Readonly<Record<string, string>>;
  /** Packages that apt would remove for the installation (another mail server, for example). */
  readonly removes: readonly string[];
  /** The installed version, else the candidate's; null if neither is known. */
  readonly postfix: string | null;
  readonly dovecot: string | null;
  /** Postfix's map types (`postconf -m`). */
  readonly maps: readonly string[];
  /** The few Postfix parameters whose default matters, as the host resolves them (`postconf -xh`). */
  readonly postconf: Readonly<Record<string, string>>;
  /** Absent: the daemons' own parsers accept the files as they are. */
  readonly refusals?: readonly Refusal[];
  /** Absent: none. */
  readonly lostMaps?: readonly LostMap[];
  /** Absent: apt's candidate is no Dovecot 2.4 beside one of 2.3, or the package is on hold. */
  readonly upcoming?: Upcoming;
  /** Fields of single users in passwd-files, by the names of Dovecot 2.3, and the schemes of their passwords. Absent: none. */
  readonly userFields?: readonly UserField[];
  /** Cyrus SASL is set up for Postfix: a smtpd.conf or its password database exists. */
  readonly cyrus?: true;
  /** Service names of ports 465 and 587 that the host resolves. */
  readonly resolves: readonly string[];
  readonly listeners: readonly Listener[];
  readonly units: Readonly<Record<string, Unit>>;
  /** The daemons' units that the admin has masked: systemd neither starts nor reloads them. */
  readonly masked: readonly string[];
  readonly lineages: readonly Lineage[];
  /** Absent if the admin supplies none. */
  readonly provided?: Provided;
  /** Certificates that the admin supplies for additional names. */
  readonly providedSni?: readonly Provided[];
  /** Files that the daemons' settings name for certificates and keys, except those below /etc/letsencrypt/live. */
  readonly pemFiles?: readonly PemFile[];
  /** Does systemd watch the certificates that certbot does not renew? Absent: systemd knows no such unit. */
  readonly watching?: boolean;
  /** Names that certbot would not give to a new certificate, because files of that name exist, complete or not. */
  readonly takenNames: readonly string[];
  /** systemd's state of certbot.timer: does it run now, and will it run after the next boot? Null without such a timer. */
  readonly timer: { readonly active: boolean; readonly enabled: boolean } | null;
}

export interface Snapshot {
  readonly facts: Facts;
  /** By the requested path. */
  readonly files: Readonly<Record<string, RemoteFile>>;
}
