/** The contracts between a run, its commands, and the world around them. */
import type { ConnectOptions } from '../connect/connect-options.ts';
import type { ReleaseCodename } from '../debian/releases.ts';
import type { gather } from '../gather/gather.ts';
import type { ClientSettings, Host, HostResult, TaskName } from '../model/index.ts';
import type { Remote } from '../remote/remote.ts';
import type { Shown } from '../report/alike.ts';
import type { Batch } from './batch.ts';
import type { Interrupt } from './interrupt.ts';
import type { beginProbe, probe, ProbeOptions } from './probe.ts';
import type { Begun } from './visit.ts';

/** Everything outside of the run itself, so that a unit test can replace it. */
export interface World {
  readonly connect: (host: Host, options: ConnectOptions) => Promise<Remote>;
  readonly gather: typeof gather;
  readonly probe: typeof probe;
  readonly beginProbe: typeof beginProbe;
  /** Milliseconds since a fixed moment in the past. */
  readonly clock: () => number;
  /** Resolves after this many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

export interface RunOptions extends ProbeOptions {
  readonly world: World;
  readonly dryRun: boolean;
  /** `verify --audit` */
  readonly audit: boolean;
  /** `verify --no-ssh` */
  readonly outside: boolean;
  /** `--yes`: ask no question. */
  readonly yes: boolean;
  /** Asks whether to replace a choice of the administrator; absent if no user can answer. */
  readonly consent?: (question: string) => Promise<boolean>;
  /** Hosts at a time. */
  readonly forks: number;
  /** Hosts whose changes go live together, as a number or a share of all; absent: all. */
  readonly serial?: Batch;
  /** After a batch with more failures than this, the remaining hosts are not begun. */
  readonly maxFail: number;
  /** Seconds after which a host without our confirmation restores everything. */
  readonly confirmTimeout: number;
  /** A rollback restores the state before this transaction; absent: the last one. */
  readonly to?: string;
  /** The tasks of this run: all of them, unless --tags or --skip-tags choose. */
  readonly tasks: readonly TaskName[];
  /** The release that `check` looks ahead to. */
  readonly upgradeTo?: ReleaseCodename;
  /** `rehearse`: leave the copy for a look. */
  readonly keep: boolean;
  /** `rehearse`: the machine that plays it; absent: this one. */
  readonly on?: Host;
  /** The version of this program. */
  readonly version: string;
  /** The release for whose upgrade `apply` prepares the host. */
  readonly prepareUpgrade?: ReleaseCodename;
  /** `clients`: the folder for the files to publish, the domains of mail addresses, and the user name that clients send. */
  readonly clientsTo?: string;
  readonly mailDomains?: readonly string[];
  readonly loginName?: ClientSettings['login'];
  /** `check --upgrade-to --record`: keep a list of the users' mailboxes on the host. */
  readonly record: boolean;
  /** The users with whose mailboxes a conversion of Dovecot's files is proved before it goes live; null: without this proof. */
  readonly mailboxes: 'sample' | 'all' | null;
  readonly ssh: ConnectOptions;
  readonly interrupt: Interrupt;
  /** The user who runs this, for the host's history. */
  readonly who: string;
}

/** How a host's step ended, for the progress lines. */
export type Outcome = 'done' | 'failed';

/** Runs work on several hosts at a time, and shows how far each is. */
export interface Progress {
  /**
   * Runs `work` for each item, at most `width` at once; `say` shows the present step. Work must not throw: a host's failure
   * is a value, shown at the end.
   */
  each<T extends { readonly name: string }>(
    items: readonly T[],
    width: number,
    work: (item: T, say: (step: string) => void) => Promise<Outcome>,
  ): Promise<void>;
  /** Hides the progress lines while `talk` prints or asks on the same terminal. */
  aside<T>(talk: () => Promise<T>): Promise<T>;
}

export interface Io {
  readonly progress: Progress;
  /** Groups the plans that differ only in the hosts' own domains: each group is shown once. */
  alike<T extends Shown>(plans: readonly T[]): Promise<T[][]>;
  /** Shows the one plan of these hosts with its diffs. */
  show(plans: readonly Shown[]): Promise<void>;
  ask(question: string): Promise<boolean>;
}

/** Shows the present step of a host. */
export type Say = (step: string) => void;

/** Brings a host from one stage to the next; null when it has ended, with `visit.ending` set. */
export type Step<From extends Begun, To extends Begun> = (
  from: From,
  options: RunOptions,
  say: Say,
) => Promise<To | null>;

/** The work of a command on its hosts. */
export type Flow = (hosts: readonly Host[], options: RunOptions, io: Io) => Promise<HostResult[]>;
