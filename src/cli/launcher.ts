/**
 * How the program starts: `--version` at once; all else from one file, together with what V8 made of it the last time. To
 * compile it anew takes 0.15 s of CPU, a third of a run that has nothing to do.
 */
import { mkdirSync, openSync, closeSync, fstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

/** Digest of the program's text, put here by scripts/build.mjs: V8 itself compares no more than its length. */
declare const BUILD: string;

const [command = ''] = process.argv.slice(2);
if (command === '--version') {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  process.stdout.write(`${version}\n`);
} else run(fileURLToPath(new URL('./program.cjs', import.meta.url)));

function run(filename: string): void {
  const kept = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'harden-mail', 'code');
  const head = Buffer.from(`${BUILD} ${process.version} ${process.arch}\n`);
  const cachedData = read(kept, head);
  const text = readFileSync(filename, 'latin1'); // it is ASCII, and so takes half the memory
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
    filename,
    ...(cachedData && { cachedData }),
  });
  // What was compiled on the way is in it only after a run over hosts. A mail host itself is left without such a file.
  const isTelling = /^(apply|check|verify)$/.test(command) && !process.argv.includes('--local');
  if (isTelling && (!cachedData || script.cachedDataRejected === true)) {
    process.once('exit', (code) => {
      if (code === 0) keep(kept, Buffer.concat([head, script.createCachedData()]));
    });
  }
  const module = { exports: {} };
  const start = script.runInThisContext() as (...values: unknown[]) => void;
  start(module.exports, createRequire(filename), module, filename, dirname(filename));
}

/** Only what nobody but us can have written: it is run as it is. */
function read(path: string, head: Buffer): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { uid, mode } = fstatSync(file);
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return undefined;
    const bytes = readFileSync(file);
    return bytes.subarray(0, head.length).equals(head) ? bytes.subarray(head.length) : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** A run is as good without it, so no failure is told. */
function keep(path: string, bytes: Buffer): void {
  const draft = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(draft, bytes, { mode: 0o600, flag: 'wx' });
    renameSync(draft, path);
  } catch {
    rmSync(draft, { force: true });
  }
}
