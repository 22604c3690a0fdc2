// Makes dist/: the program with its packages in a few files, because a hundred small ones take longer to load than to run;
// what is not always needed (listr2, diff, zod, …) stays in files of its own. Beside it the shell scripts, which run on the
// host as they are.
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

process.chdir(new URL('..', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  legalComments: 'linked',
  // Parts of ssh2 that it can do without: where they are not built it computes in JavaScript.
  external: ['cpu-features', '*.node'],
  // What packages in CommonJS take for granted.
  banner: {
    js: [
      "import { createRequire as __createRequire } from 'node:module';",
      'const require = __createRequire(import.meta.url);',
      'globalThis.__dirname ??= import.meta.dirname;',
    ].join('\n'),
  },
  logLevel: 'warning',
});
const scripts = readdirSync('src', { recursive: true }).filter((name) => name.endsWith('.sh'));
for (const name of scripts) cpSync(`src/${name}`, `dist/${name.replace(/^.*\//, '')}`);
