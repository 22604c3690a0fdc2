/** The part of a conversation that a check can use to ask. */
import type { Duplex } from 'node:stream';
import type { Finding } from '../model/index.ts';
import type { Offer, Protocol } from '../mail/protocol.ts';
import type { Wire } from '../mail/wire.ts';
import type { Port } from './mail-ports.ts';

/** Notes one finding of the check that asks. */
export type NoteFinding = (status: Finding['status'], text: string) => void;

export interface User {
  readonly name: string;
  readonly password: string;
}

interface Talk {
  readonly wire: Wire;
  readonly protocol: Protocol;
  readonly port: Port;
  /** What the server announces here: before TLS, or inside it. */
  readonly offer: Offer;
  /** The host itself made the connection. Its daemons may trust it more than a connection from outside. */
  readonly local: boolean;
}

/** Before TLS. */
export interface TalkInClear extends Talk {
  /**
   * The expected name is only assumed, so TLS does not wait: it begins at the check's first await. After that the check asks on
   * another connection.
   */
  readonly isAssumed: boolean;
  /** True if the assumed name is not the wanted one: the whole look starts again, and findings would be about the wrong name. */
  readonly isMisnamed: () => Promise<boolean>;
  /** Try a login where none is offered? Resolves when the expected state is known. */
  readonly tryLogin: () => Promise<boolean>;
  /** Opens another connection to the same port. */
  readonly again: () => Promise<Duplex>;
  /** Milliseconds for one answer on it. */
  readonly timeout: number;
}

/** Inside TLS, where the server has served a certificate. */
export interface TalkInside extends Talk {
  /** The mail domain of the host. */
  readonly domain: string;
  /** Do users log in on this port? */
  readonly forUsers: boolean;
  /** Ask whether the server accepts mail for elsewhere, and mail for the mail domain? */
  readonly tryRelay: boolean;
  /** Replaces the mechanisms that the protocol expects. */
  readonly mechanisms?: readonly string[];
  /** The server proved its identity. */
  readonly proven: boolean;
  readonly user?: User;
}
