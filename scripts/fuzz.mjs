// Runs scripts/fuzz.ts compiled like the program. tsx gives every function its name again at run time, which takes more CPU time in the
// parsers than the parsers themselves.
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';

process.chdir(new URL('..', import.meta.url).pathname);
const outfile = 'build/fuzz.mjs';
await build({
  entryPoints: ['scripts/fuzz.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  // Only the module that finds the plan cases asks for its own place.
  define: { 'import.meta.url': JSON.stringify(new URL('../test/support/plan/host.ts', import.meta.url).href) },
  logLevel: 'warning',
});
process.exitCode = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1;
