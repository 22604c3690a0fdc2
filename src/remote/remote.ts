import type { Duplex } from 'node:stream';

/** The output of a script on the host, as raw bytes: neither trimmed nor decoded. */
export interface RemoteResult {
  /** Exit status of the script. A lost connection or a signal throws an error instead. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface ScriptOptions {
  /** The script's name in `--verbose` and in the log. */
  readonly name: string;
  /** `read`: it only reads. `write`: it may write; a read-only Remote then throws before anything is sent. */
  readonly intent: 'read' | 'write';
  /**
   * The script contains nothing that other users of the host must not see in the process list: it may be part of the command,
   * which saves a round trip.
   */
  readonly plain?: true;
  /** Seconds without output from the host after which the connection counts as lost. */
  readonly idleTimeout?: number;
  /** Seconds after which the script is given up although it prints. */
  readonly timeout?: number;
  /** Bytes on both outputs together after which the script is given up; absent: 64 MiB. */
  readonly most?: number;
  /** Called with each chunk of standard output as it arrives, for progress. */
  readonly onOutput?: (chunk: Buffer) => void;
}

/**
 * A host that runs POSIX sh scripts as root. All reading and writing goes through `run`, so a dry run is this interface without
 * writing and cannot drift from the real run.
 */
export interface Remote {
  /** For messages: the user's name for the host. */
  readonly name: string;
  /** The host is this machine: probes from here come from the host itself. */
  readonly local?: true;
  /** The host is reached over the user's own connection: why a login of our own failed. */
  readonly withoutLogin?: string;
  /**
   * The address at the other end of the SSH connection. Probes use the same one.
   */
  readonly address: string;
  /**
   * Runs a script as root. This program writes the script's text; values go into it only through `quote`. The host reads the
   * whole script before it runs the first line, so a connection lost while sending runs nothing. Standard input is /dev/null.
   */
  run(script: string, options: ScriptOptions): Promise<RemoteResult>;
  /** Starts a shell that waits for the next script, which then needs one round trip instead of three. Absent: it makes no difference. */
  prepare?(): void;
  /** A TCP connection from the host itself, through the SSH connection, for ports that cannot be reached from here. */
  forward(address: string, port: number): Promise<Duplex>;
  close(): Promise<void>;
}
