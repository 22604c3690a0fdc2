import type { Duplex, Readable, Writable } from 'node:stream';

/** How a command on the host ended. */
export type End = { readonly code: number } | { readonly signal: string };

/** One command on the host, with its three streams. */
export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once both outputs were read to their end. Rejects with the reason when the connection was lost. */
  readonly ended: Promise<End>;
  /** Gives it up; `ended` then settles. */
  close(): void;
}

/** An authenticated SSH connection, as far as this room needs to know. */
export interface Transport {
  /** For messages: what the user calls the host, with its port. */
  readonly label: string;
  readonly address: string;
  readonly user: string;
  exec(command: string): Promise<Channel>;
  forward(address: string, port: number): Promise<Duplex>;
  close(): Promise<void>;
}
