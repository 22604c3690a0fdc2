import type { ReadStream, WriteStream } from 'node:tty';

/** What the program uses of the operating system's process. */
export interface Process {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
  /** Of this program. */
  readonly version: string;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}
