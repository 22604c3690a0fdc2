/** Starts the program from the package, after a look at the version of Node.js. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../model/errors.ts';
import { isSupportedNode } from './node-version.ts';
import { startProgram } from './start-program.ts';

if (isSupportedNode(process.versions.node)) {
  const filename = fileURLToPath(new URL('./program.cjs', import.meta.url));
  startProgram(() => readFileSync(filename, 'latin1'), filename); // latin1: half the memory
} else {
  process.stderr.write(`harden-mail needs Node.js 20.19, 22.12 or later; this is ${process.versions.node}\n`);
  process.exitCode = EXIT.usage;
}
