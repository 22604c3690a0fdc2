import type { Bytes } from './words.ts';

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
  /** Of a Postfix `master`: is it the one of the instance that this tool works on? Absent for other programs, and where it is not known. */
  readonly ours?: boolean;
  /** Of the `master` of another instance: the folder of its configuration; empty where it cannot be told. */
  readonly instance?: string;
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
  /** Folders in which a replacement of either file would show: its own, and that of each symbolic link on the way. */
  readonly folders?: readonly string[];
}

/** A file of certificates or keys that a daemon's configuration names. No byte of a private key is ever read from a host. */
export interface PemFile {
  readonly path: string;
  /** Where the path leads once every symbolic link is followed; empty where there is no file. */
  readonly target: string;
  /** The certificates in it, PEM, in the order of the file. */
  readonly certificates: string;
  /** The public half of each private key in it, PEM, in their order: empty for one that no daemon can use, `unknown` where there was no openssl. */
  readonly publicKeys: readonly string[];
  /** It holds a private key, and every user of the host may read it. */
  readonly exposed: boolean;
  /** Last status change, seconds since the epoch; 0 where there is no file. */
  readonly changed: number;
  /** Folders in which a replacement of the file would show: its own, and that of each symbolic link on the way. */
  readonly folders: readonly string[];
}

/** Why a daemon's own parser refuses the files as they are. */
export interface Refusal {
  readonly daemon: 'postfix' | 'dovecot';
  /** The daemon's own words. */
  readonly text: string;
}

/** A lookup table that Postfix is told and cannot open. */
export interface LostMap {
  /** `alias_maps`; of an entry of master.cf `smtp/inet/smtpd_client_restrictions`. */
  readonly parameter: string;
  /** `hash:/etc/aliases` */
  readonly map: string;
  /** The file that is not there: `/etc/aliases.db`; `-` where Postfix does not know the type of table. */
  readonly file: string;
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
  /** Absent: the daemons' own parsers accept the files as they are. */
  readonly refusals?: readonly Refusal[];
  /** Absent: none. */
  readonly lostMaps?: readonly LostMap[];
  /** Cyrus SASL is set up for Postfix: there is a smtpd.conf or a database of its passwords. */
  readonly cyrus?: true;
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
  /** Files that the daemons' settings name for certificates and keys, those below /etc/letsencrypt/live aside. */
  readonly pemFiles?: readonly PemFile[];
  /** Does systemd watch the certificates that certbot does not renew? Absent: it knows no such unit. */
  readonly watching?: boolean;
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
