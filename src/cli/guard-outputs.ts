/** The end of a run whose output cannot be written. */

/** The reader has gone (`| head`): the exit code tells how the run ended. */
const SILENT = ['EPIPE', 'ERR_STREAM_DESTROYED'];

/**
 * A run continues to its end whatever happens to its output, because a host may wait for its answer. Where a disk is full, one line
 * on standard error says so, and the run does not end with 0.
 */
export function guardOutputs(process: NodeJS.Process): void {
  let unwritten = false;
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
      if (unwritten || SILENT.includes(code)) return;
      unwritten = true;
      if (output === process.stdout)
        process.stderr.write(`harden-mail: standard output cannot be written: ${message}\n`);
    });
  }
  process.once('exit', (code) => {
    if (unwritten && code === 0) process.exitCode = 1;
  });
}
