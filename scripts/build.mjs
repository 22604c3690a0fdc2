// Makes dist/: the program with its packages in one file, because a hundred small ones take longer to load than to run. What is
// not always needed (listr2, diff, zod, …) stands in it, and is run when it is asked for. Beside it what starts it, and the shell
// scripts, which run on the host as they are.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { licences } from './licences.mjs';

process.chdir(new URL('..', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });
const shared = { bundle: true, platform: 'node', target: 'node20.19', minifyWhitespace: true, logLevel: 'warning' };
// Node prints the whole line of an uncaught error.
const lineLimit = 200;

/**
 * The native parts of ssh2, which it can do without: it computes in JavaScript instead. They are not left to be looked up at run time: a
 * `node_modules` in any folder above, perhaps writable by others, could then supply them.
 */
const withoutNativeParts = {
  name: 'without native parts',
  setup(build) {
    build.onResolve({ filter: /^cpu-features$|\.node$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    build.onLoad({ filter: /./, namespace: 'absent' }, () => ({ contents: "throw new Error('not built');" }));
  },
};

/** ssh2 starts a WebAssembly module for ChaCha20-Poly1305, which is not offered (src/connect/algorithms.ts). */
const withoutPoly1305 = {
  name: 'without poly1305',
  setup(build) {
    const contents =
      "const absent = () => { throw new Error('not offered'); }; module.exports = async () => ({ _malloc: () => 0, cwrap: () => absent });";
    build.onLoad({ filter: /ssh2\/lib\/protocol\/crypto\/poly1305\.js$/ }, () => ({ contents }));
  },
};

/** zod's messages in fifty other languages: 300 kB that nothing asks for. Its own index of them would keep them all. */
const withoutOtherLanguages = {
  name: 'without other languages',
  setup(build) {
    build.onResolve({ filter: /\/locales\/index\.js$/ }, ({ path, importer }) =>
      /node_modules\/zod\//.test(importer) ? { path, namespace: 'languages' } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'languages' }, () => ({ contents: 'export {};' }));
  },
};

/** `--help` is wrapped between words by our own module (src/cli/help-columns.ts). */
const wrappedBetweenWords = {
  name: 'wrapped between words',
  setup(build) {
    build.onResolve({ filter: /\/string-utils\.js$/ }, ({ importer }) =>
      /node_modules\/cliui\//.test(importer) ? { path: join(process.cwd(), 'src/cli/help-columns.ts') } : undefined,
    );
  },
};

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const scripts = readdirSync('src', { recursive: true }).filter((name) => /\.(sh|pl)$/.test(name));
const literal = (text) =>
  JSON.stringify(text).replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
const texts = scripts.map((name) => `${literal(name)}: ${literal(readFileSync(`src/${name}`, 'utf8'))}`);
const place = "const URL_OF_THIS_FILE = require('node:url').pathToFileURL(__filename).href;";
const banner = [place, `const SCRIPTS = {\n${texts.join(',\n')}\n};`];

const script = {
  ...shared,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  format: 'cjs', // V8 keeps what it compiled of a script, not of a module
  minifySyntax: true,
  lineLimit,
  legalComments: 'none', // dist/LICENCES.txt has the whole texts
  define: { 'import.meta.url': 'URL_OF_THIS_FILE', VERSION: JSON.stringify(version) },
};
const { metafile } = await build({
  ...script,
  entryPoints: { program: 'src/main.ts' },
  metafile: true,
  plugins: [withoutNativeParts, withoutPoly1305, withoutOtherLanguages, wrappedBetweenWords],
  banner: { js: banner.join('\n') },
});
// A worker loads only the work on hosts' files, a third of the program.
await build({ ...script, entryPoints: { worker: 'src/compute/worker.ts' }, banner: { js: place } });
// The texts of `--help` and `completion`, which the launcher prints without the program.
const maker = { ...script, outdir: 'build', entryPoints: { texts: 'src/cli/prepare-texts.ts' } };
await build({ ...maker, plugins: [withoutNativeParts, wrappedBetweenWords], banner: { js: banner.join('\n') } });
const { packTexts, prepareTexts } = createRequire(import.meta.url)('../build/texts.cjs');
writeFileSync('dist/texts.json.z', packTexts(await prepareTexts()));
const program = readFileSync('dist/program.cjs');
// src/cli/start-program.ts reads it byte by byte. esbuild writes ASCII but within tagged templates: there an entity will do.
if (program.some((byte) => byte > 127)) throw new Error('dist/program.cjs is not ASCII');
writeFileSync('dist/LICENCES.txt', licences(Object.keys(metafile.inputs)));
const digest = createHash('sha256').update(program).digest('hex');
const define = { BUILD: JSON.stringify(digest), VERSION: JSON.stringify(version) };
await build({ ...shared, entryPoints: { main: 'src/cli/launcher.ts' }, outdir: 'dist', format: 'esm', define });
// Not part of the package: what scripts/binary.ts puts into an executable beside dist/program.cjs.
await build({
  ...shared,
  entryPoints: ['src/cli/executable.ts'],
  outfile: 'build/executable.cjs',
  format: 'cjs',
  define,
});
