/** The process and its signals. Only this file and the launcher (src/cli/launcher.ts) use the global `process`. */
import { readFileSync } from 'node:fs';
import { main } from './cli/cli.ts';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Once: end cleanly after the present host. Twice: at once; the host looks after itself.
  process.on(signal, () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
}
const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
const { version } = JSON.parse(manifest) as { version: string };
void main(process.argv.slice(2), {
  version,
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupt.signal,
}).then((code) => (process.exitCode = code));
