/**
 * `npm run release`: makes what a release consists of, in build/release: the package, the executables and the Debian packages for
 * x64 and arm64, and SHA256SUMS. It publishes nothing; docs/release.md has the steps before and after.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildDeb } from './deb.ts';

const FOLDER = 'build/release';
const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();

interface Manifest {
  readonly version: string;
  readonly [field: string]: unknown;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const { version } = manifest;
const faults = [
  ...(git('status', '--porcelain') === '' ? [] : ['the work tree has changes that are not committed']),
  ...(git('tag', '--points-at', 'HEAD').split('\n').includes(`v${version}`) ? [] : [`HEAD has no tag v${version}: run npm version`]), // oxfmt-ignore
  ...(readFileSync('CHANGELOG.md', 'utf8').includes(`\n## ${version} (`) ? [] : [`CHANGELOG.md has no heading for ${version}`]), // oxfmt-ignore
];
if (faults.length > 0) {
  for (const fault of faults) console.error(fault);
  process.exitCode = 1;
} else make();

function make(): void {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', FOLDER], { stdio: 'pipe' }); // dist/ is built
  for (const arch of ['x64', 'arm64'] as const) {
    const deb = buildDeb(arch);
    cpSync(deb, join(FOLDER, basename(deb)));
    cpSync(`build/harden-mail-linux-${arch}`, join(FOLDER, `harden-mail-${version}-linux-${arch}`));
  }
  const files = readdirSync(FOLDER).sort();
  const sums = files.map((file) => `${digest(join(FOLDER, file))}  ${file}\n`).join('');
  writeFileSync(join(FOLDER, 'SHA256SUMS'), sums);
  process.stdout.write(sums);
  const absent = ['repository', 'homepage', 'bugs', 'author'].filter((field) => manifest[field] === undefined);
  if (absent.length > 0) console.log(`Before npm publish: package.json lacks ${absent.join(', ')} (docs/release.md).`);
}

function digest(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
