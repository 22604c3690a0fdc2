/** The process: the only toucher of process.*. What is asked most often is answered before anything else is loaded. */
import { readFileSync } from 'node:fs';

const args = process.argv.slice(2);
if (args[0] === '--version') {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  process.stdout.write(`${version}\n`);
} else {
  const { main } = await import('./cli.ts');
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Once: end cleanly after the present host. Twice: at once; the host looks after itself.
    process.on(signal, () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
  }
  process.exitCode = await main(args, {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupt.signal,
  });
}
