import type { Duplex } from 'node:stream';

/** What a script on the host answered. Bytes, untouched: nothing is trimmed and nothing is decoded. */
export interface RemoteResult {
  /** Exit status of the script. A lost connection or a signal is not a result but a thrown error. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface ScriptOptions {
  /** What it is called in `--verbose` and the log. */
  readonly name: string;
  /** Reads only, or may it write? A read-only Remote throws on `write` before anything is sent. */
  readonly intent: 'read' | 'write';
  /**
   * Its text holds nothing that other users of the host may not see in the process list: then it may be a part of the command,
   * which saves a round trip.
   */
  readonly plain?: true;
  /** Seconds without a word from the host after which the connection counts as lost. */
  readonly idleTimeout?: number;
  /** Called with each chunk of standard output as it arrives, for progress. */
  readonly onOutput?: (chunk: Buffer) => void;
}

/**
 * A host that one can run POSIX sh on, as root. The one way through: everything that reads or writes goes through
 * `run`, so that a dry run is this interface with writing taken away and cannot drift from the real one.
 */
export interface Remote {
  /** For messages: the host's name as the user calls it. */
  readonly name: string;
  /** It is this machine: what is seen of it from here is seen by itself. */
  readonly local?: true;
  /**
   * The address at the other end of the SSH connection. Probes go to the same one.
   */
  readonly address: string;
  /**
   * Runs a script as root. The script is text of our own making; values travel in it only through `quote`. It is read
   * whole before its first line runs, so a connection cut while sending runs nothing; its standard input is /dev/null.
   */
  run(script: string, options: ScriptOptions): Promise<RemoteResult>;
  /** A TCP connection made by the host itself, through the SSH connection, for ports that cannot be reached from here. */
  forward(address: string, port: number): Promise<Duplex>;
  close(): Promise<void>;
}
