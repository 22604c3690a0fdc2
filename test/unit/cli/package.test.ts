/** The published package: one package without dependencies, whose program looks up nothing at run time. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isSupportedNode } from '../../../src/formats/text/node-version.ts';
import {
  assertAnswers,
  assertOnePackage,
  installPackage,
  packFromClone,
  type Installed,
} from '../../support/package.ts';

describe('the package that npm installs', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-package-'));
  let tarball: string;
  let installed: Installed;

  before(() => {
    tarball = packFromClone(folder);
    installed = installPackage(tarball, join(folder, 'prefix'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is one package below 3 MB, 4 MB unpacked, and its installation warns of nothing', () => {
    assert.ok(statSync(tarball).size < 3e6);
    assertOnePackage(installed);
  });

  it('answers --version, --help and completion, and its man page and licences are there', () =>
    assertAnswers(installed));

  it('prints for --help and completion what the program itself prints', () => {
    const output = (file: string, args: readonly string[]): string =>
      execFileSync(process.execPath, [join(installed.folder, file), ...args], { encoding: 'utf8' });
    for (const args of [['--help'], ['apply', '--help'], ['help', 'rehearse'], ['completion', 'fish']])
      assert.equal(output('bin/harden-mail.js', args), output('dist/program.cjs', args), args.join(' '));
  });

  it('a command that the build has no text for reaches the parser', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(installed.folder, 'bin/harden-mail.js'), 'constructor', '--help'], { encoding: 'utf8' }); // oxfmt-ignore
    assert.equal(status, 3);
    assert.match(stderr, /"constructor" is not a command/);
  });

  it('looks up no module but those of Node itself, so that no folder above it can supply one', () => {
    const texts = readdirSync(dirname(join(installed.folder, 'dist/main.js')), { recursive: true })
      .map((name) => join(installed.folder, 'dist', String(name)))
      .filter((path) => /\.c?js$/.test(path))
      .map((path) => readFileSync(path, 'latin1'));
    const named = texts.flatMap((text) => [
      ...text.matchAll(/(?:\brequire|\bimport)\s*\(\s*(["'`])([\w@./:-]+)\1\s*\)|\bfrom\s*(["'])([\w@./:-]+)\3/g),
    ]);
    const foreign = named.map(([, , called, , from]) => called ?? from ?? '').filter((name) => !isBuiltin(name));
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
