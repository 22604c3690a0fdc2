/**
 * Runs the program's one file, with the code that V8 compiled from it last time. Compiling it again takes 0.15 s of CPU, a third of
 * a run without changes. `--version`, `--help` and `completion` are answered without it.
 */
import { mkdirSync, openSync, closeSync, fstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { guardOutputs } from './guard-outputs.ts';
import { preparedName, unpackText } from './prepared-texts.ts';

/** Digest of the program's text, inserted by scripts/build.mjs: V8 itself only compares the length. */
declare const BUILD: string;

/** Inserted by scripts/build.mjs. */
declare const VERSION: string;

/**
 * @param load the bytes of a file of the build; the program's are ASCII
 * @param filename the program's path, for stack traces
 */
export function startProgram(load: (name: 'program.cjs' | 'texts.json.z') => string, filename: string): void {
  const args = process.argv.slice(2);
  const [command = ''] = args;
  const text = command === '--version' || command === '-V' ? `${VERSION}\n` : prepared(args, load);
  if (text === undefined) return run(command, load('program.cjs'), filename);
  guardOutputs(process);
  process.stdout.write(text);
}

function prepared(args: readonly string[], load: (name: 'texts.json.z') => string): string | undefined {
  if (preparedName(args, 80) === null) return undefined;
  const packed = Buffer.from(load('texts.json.z'), 'latin1');
  return unpackText(packed, preparedName(args, process.stdout.columns) ?? '');
}

/**
 * V8 optimizes a function after so many calls. It assumes a program that runs for long: a fleet of 50 hosts spent a fifth of its CPU time
 * on optimized code, and had no use for most of it. By V8's version, because V8 complains about a flag that it does not know.
 */
const LATER: Readonly<Record<string, string>> = {
  11: '--interrupt-budget=500000',
  12: '--invocation-count-for-turbofan=20000',
  13: '--invocation-count-for-turbofan=20000',
  14: '--invocation-count-for-turbofan=20000',
};

function run(command: string, text: string, filename: string): void {
  const flag = LATER[process.versions.v8.split('.')[0] ?? ''];
  if (flag !== undefined) setFlagsFromString(flag);
  const kept = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'harden-mail', 'code');
  const head = Buffer.from(`${BUILD} ${process.version} ${process.arch}\n`);
  const cachedData = read(kept, head);
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
    filename,
    ...(cachedData && { cachedData }),
  });
  // Lazily compiled code is complete only after a run over hosts. No cache file is left on a mail host itself.
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
/** Reads the file only if no other user can have written it, because its content is run. */
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

/** A run works without the cache, so a failure is not reported. */
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
