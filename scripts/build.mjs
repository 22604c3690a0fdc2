// Makes dist/: the program with its packages in one file, because a hundred small ones take longer to load than to run. What is
// not always needed (listr2, diff, zod, …) stands in it, and is run when it is asked for. Beside it what starts it, and the shell
// scripts, which run on the host as they are.
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

process.chdir(new URL('..', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });
const shared = { bundle: true, platform: 'node', target: 'node20.19', minifyWhitespace: true, logLevel: 'warning' };
// Of what it trips over Node shows the whole line.
const lineLimit = 200;
await build({
  ...shared,
  entryPoints: { program: 'src/main.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  format: 'cjs', // V8 keeps what it compiled of a script, not of a module
  minifySyntax: true,
  lineLimit,
  legalComments: 'linked',
  // cliui's ES module cuts the lines of --help in the middle of words; its CommonJS build wraps them between words.
  alias: { cliui: './node_modules/cliui/build/index.cjs' },
  // Parts of ssh2 that it can do without: where they are not built it computes in JavaScript.
  external: ['cpu-features', '*.node'],
  define: { 'import.meta.url': 'URL_OF_THIS_FILE' },
  banner: { js: "const URL_OF_THIS_FILE = require('node:url').pathToFileURL(__filename).href;" },
});
const program = readFileSync('dist/program.cjs');
// src/cli/launcher.ts reads it byte by byte. esbuild writes ASCII but within tagged templates: there an entity will do.
if (program.some((byte) => byte > 127)) throw new Error('dist/program.cjs is not ASCII');
const digest = createHash('sha256').update(program).digest('hex');
await build({
  ...shared,
  entryPoints: { main: 'src/cli/launcher.ts' },
  outdir: 'dist',
  format: 'esm',
  define: { BUILD: JSON.stringify(digest) },
});
const scripts = readdirSync('src', { recursive: true }).filter((name) => name.endsWith('.sh'));
for (const name of scripts) cpSync(`src/${name}`, `dist/${name}`);
