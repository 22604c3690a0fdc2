/** Starts the program from the package, after a look at the version of Node.js. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../model/errors.ts';
import { isSupportedNode } from '../formats/text/node-version.ts';
import { startProgram } from './start-program.ts';

if (isSupportedNode(process.versions.node)) {
  const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  startProgram((name) => readFileSync(path(name), 'latin1'), path('program.cjs')); // latin1: half the memory
} else {
  process.stderr.write(`harden-mail needs Node.js 20.19, 22.12 or later; this is ${process.versions.node}\n`);
  process.exitCode = EXIT.usage;
}
