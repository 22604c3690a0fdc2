/** The process, its signals and its end. Only this file and the launcher (src/cli/launcher.ts) use the global `process`. */
import { readFileSync } from 'node:fs';
import { main } from './cli/cli.ts';
import { guardOutputs } from './cli/guard-outputs.ts';

/** Inserted by scripts/build.mjs. */
declare const VERSION: string | undefined;

function versionOfSource(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Once: end cleanly after the present host. Twice: at once; the host looks after itself.
  process.on(signal, () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
}
guardOutputs(process);
const version = typeof VERSION === 'undefined' ? versionOfSource() : VERSION;
void main(process.argv.slice(2), {
  version,
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupt.signal,
}).then((code) => {
  process.exitCode = code;
  // By now every connection is closed and the outputs are written. Something that still keeps the process alive does not count.
  setInterval(() => {
    if (process.stdout.writableLength === 0 && process.stderr.writableLength === 0) process.exit();
  }, 500).unref();
});
