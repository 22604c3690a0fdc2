import type { Duplex, Readable, Writable } from 'node:stream';

/** How a command on the host ended. */
export type End = { readonly code: number } | { readonly signal: string };

/** One command on the host, with its three streams. */
export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once both outputs were read to their end. Rejects with the reason if the connection was lost. */
  readonly ended: Promise<End>;
  /** Gives up the command; `ended` then settles. */
  close(): void;
}

/** An authenticated SSH connection, as far as this module needs it. */
export interface Transport {
  /** For messages: the user's name for the host, with its port. */
  readonly label: string;
  readonly address: string;
  readonly user: string;
  exec(command: string): Promise<Channel>;
  forward(address: string, port: number): Promise<Duplex>;
  close(): Promise<void>;
}
