import type { ReadStream, WriteStream } from 'node:tty';

/** The parts of the operating system's process that the program uses. */
export interface Process {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
  /** The version of harden-mail. */
  readonly version: string;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}
