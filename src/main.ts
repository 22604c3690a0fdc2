/** The process: the only toucher of process.*, beside what starts it (src/cli/launcher.ts). */
import { main } from './cli/cli.ts';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Once: end cleanly after the present host. Twice: at once; the host looks after itself.
  process.on(signal, () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
}
void main(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupt.signal,
}).then((code) => (process.exitCode = code));
