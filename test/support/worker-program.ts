/** The worker's program, built as the package has it: Node starts no worker from TypeScript. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export async function workerProgram(): Promise<{ readonly url: URL; readonly remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-worker-'));
  const outfile = join(folder, 'worker.cjs');
  const entryPoints = [new URL('../../src/compute/worker.ts', import.meta.url).pathname];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'warning' });
  return { url: pathToFileURL(outfile), remove: () => rmSync(folder, { recursive: true }) };
}
