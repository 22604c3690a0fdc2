/** The published package, made from a fresh clone and installed into an empty prefix by npm under any Node. */

import { cacheFolder } from '../../src/lab/image.ts';
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './cli.ts';

const TOP = fileURLToPath(new URL('../..', import.meta.url));

export interface Installed {
  readonly node: string;
  readonly prefix: string;
  /** The folder of the package. */
  readonly folder: string;
  /** What npm printed. */
  readonly output: string;
  readonly seconds: number;
}

/** `npm pack` in a copy of the tracked files, without dist/, which `prepack` builds. Returns the path of the tarball. */
export function packFromClone(folder: string): string {
  const clone = join(folder, 'clone');
  const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: TOP, encoding: 'utf8' });
  for (const file of tracked.split('\0').filter((name) => /^(src|bin|man|docs|examples|scripts)\/|^[^/]+$/.test(name)))
    cpSync(join(TOP, file), join(clone, file));
  symlinkSync(join(TOP, 'node_modules'), join(clone, 'node_modules'));
  npm(process.execPath, ['pack', '--pack-destination', folder], clone);
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
}

/** Installs the tarball, without a registry, into a prefix that does not exist yet. */
export function installPackage(tarball: string, prefix: string, node = process.execPath): Installed {
  mkdirSync(prefix);
  const began = performance.now();
  const output = npm(node, ['install', '--global', '--prefix', prefix, tarball], prefix);
  const seconds = (performance.now() - began) / 1000;
  return { node, prefix, folder: join(prefix, 'lib/node_modules/harden-mail'), output, seconds };
}

/** One package, below 4 MB, and npm warns of nothing. */
export function assertOnePackage({ prefix, folder, output }: Installed): void {
  assert.deepEqual(readdirSync(join(prefix, 'lib/node_modules')), ['harden-mail']);
  assert.ok(!readdirSync(folder).includes('node_modules'));
  assert.match(output, /added 1 package/);
  assert.doesNotMatch(output, /warn/i);
  assert.ok(sizeOf(folder) < 4e6);
}

export function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true }).map((name) => statSync(join(folder, String(name))));
  return files.filter((file) => file.isFile()).reduce((sum, { size }) => sum + size, 0);
}

/** Runs the installed command under its Node; the Node that a shell would find is that one too. */
export function runInstalled({ node, prefix }: Installed, args: readonly string[]): Promise<Outcome> {
  const env = { PATH: pathOf(node), HOME: prefix, HARDEN_MAIL_LAB_CACHE: cacheFolder() };
  return new Promise((resolve) => {
    execFile(join(prefix, 'bin/harden-mail'), args, { cwd: '/', env, maxBuffer: 64e6 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

/** The answers that need no host: versions, help, completion, and what lies beside the program. */
export async function assertAnswers(installed: Installed): Promise<void> {
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runInstalled(installed, args);
    assert.deepEqual([code, stderr], [0, ''], args.join(' '));
    return stdout;
  };
  const { version } = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8')) as { version: string };
  assert.equal(await run('--version'), `${version}\n`);
  assert.match(await run('--help'), /harden-mail apply/);
  assert.match(await run('explain', 'smtpd_tls_auth_only'), /smtpd_tls_auth_only/);
  assert.match(await run('completion', 'bash'), /complete/);
  assert.match(readFileSync(join(installed.prefix, 'share/man/man1/harden-mail.1'), 'utf8'), /^\.TH/m);
  const licences = readFileSync(join(installed.folder, 'dist/LICENCES.txt'), 'utf8');
  for (const name of ['node-ssh', 'ssh2', 'listr2', 'diff', 'chalk', 'yargs', 'zod', 'yaml'])
    assert.match(licences, new RegExp(`^${name} \\d`, 'm'));
}

function npm(node: string, args: readonly string[], cwd: string): string {
  const quiet = ['--no-audit', '--no-fund', '--offline', '--no-update-notifier'];
  const env = { ...process.env, PATH: pathOf(node) };
  const { status, stdout, stderr } = spawnSync('npm', [...args, ...quiet], { cwd, encoding: 'utf8', env });
  assert.equal(status, 0, stderr);
  return stdout + stderr;
}

function pathOf(node: string): string {
  return `${dirname(node)}${delimiter}${process.env['PATH']}`;
}
