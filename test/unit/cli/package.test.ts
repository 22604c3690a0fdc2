/** The published package: one package without dependencies, whose program looks up nothing at run time. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSupportedNode } from '../../../src/cli/node-version.ts';

const TOP = fileURLToPath(new URL('../../..', import.meta.url));

describe('the package that npm installs', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-package-'));
  const clone = join(folder, 'clone');
  const prefix = join(folder, 'prefix');
  const installed = join(prefix, 'lib/node_modules/harden-mail');
  const npm = (cwd: string, ...args: string[]) =>
    spawnSync('npm', [...args, '--no-audit', '--no-fund', '--offline'], { cwd, encoding: 'utf8' });
  let output: string;

  before(() => {
    // As a fresh clone after `npm ci`: without dist/, which `prepack` builds.
    const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
      cwd: TOP,
      encoding: 'utf8',
    });
    for (const file of tracked
      .split('\0')
      .filter((name) => /^(src|bin|man|docs|examples|scripts)\/|^[^/]+$/.test(name)))
      cpSync(join(TOP, file), join(clone, file));
    symlinkSync(join(TOP, 'node_modules'), join(clone, 'node_modules'));
    const packed = npm(clone, 'pack', '--pack-destination', folder);
    assert.equal(packed.status, 0, packed.stderr);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    const { status, stdout, stderr } = npm(folder, 'install', '--global', '--prefix', prefix, join(folder, tarball));
    assert.equal(status, 0, stderr);
    output = stdout + stderr;
    assert.ok(statSync(join(folder, tarball)).size < 3e6);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is one package below 4 MB, and its installation warns of nothing', () => {
    assert.deepEqual(readdirSync(join(prefix, 'lib/node_modules')), ['harden-mail']);
    assert.ok(!readdirSync(installed).includes('node_modules'));
    assert.match(output, /added 1 package/);
    assert.doesNotMatch(output, /warn/i);
    const sizes = readdirSync(installed, { recursive: true }).map(
      (name) => statSync(join(installed, String(name))).size,
    );
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) < 4e6);
  });

  it('answers --version, --help and completion, and its man page and licences are there', () => {
    const run = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(join(prefix, 'bin/harden-mail'), args, {
        encoding: 'utf8',
        cwd: '/',
      });
      assert.equal(status, 0, stderr);
      return stdout;
    };
    const { version } = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8')) as { version: string };
    assert.equal(run('--version'), `${version}\n`);
    assert.match(run('--help'), /harden-mail apply/);
    assert.match(run('explain', 'smtpd_tls_auth_only'), /smtpd_tls_auth_only/);
    assert.match(run('completion', 'bash'), /complete/);
    assert.match(readFileSync(join(prefix, 'share/man/man1/harden-mail.1'), 'utf8'), /^\.TH/m);
    const licences = readFileSync(join(installed, 'dist/LICENCES.txt'), 'utf8');
    for (const name of ['node-ssh', 'ssh2', 'listr2', 'diff', 'chalk', 'yargs', 'zod', 'yaml'])
      assert.match(licences, new RegExp(`^${name} \\d`, 'm'));
  });

  it('looks up no module but those of Node itself, so that no folder above it can supply one', () => {
    const texts = readdirSync(dirname(join(installed, 'dist/main.js')), { recursive: true })
      .map((name) => join(installed, 'dist', String(name)))
      .filter((path) => /\.c?js$/.test(path))
      .map((path) => readFileSync(path, 'latin1'));
    const named = texts.flatMap((text) => [
      ...text.matchAll(/(?:\brequire|\bimport)\s*\(\s*(["'`])([\w@./:-]+)\1\s*\)|\bfrom\s*(["'])([\w@./:-]+)\3/g),
    ]);
    const foreign = named
      .map(([, , called, , from]) => called ?? from ?? '')
      .filter((name) => !builtinModules.includes(name.replace(/^node:/, '')));
    assert.deepEqual(foreign, []);
  });
});

describe('the version of Node.js', () => {
  for (const [version, is] of [
    ['18.20.4', false],
    ['20.18.3', false],
    ['20.19.0', true],
    ['21.7.3', false],
    ['22.11.0', false],
    ['22.12.0', true],
    ['24.1.0', true],
    ['26.0.0', true],
  ] as const)
    it(`${version} is ${is ? 'accepted' : 'refused'}`, () => {
      assert.equal(isSupportedNode(version), is);
    });
});
