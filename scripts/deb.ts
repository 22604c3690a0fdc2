/**
 * `npm run build:deb -- [--arch x64|arm64] [--node FILE]`: makes build/harden-mail_VERSION_ARCH.deb, the single executable with its
 * manual page, completions, and the systemd timer of examples/. Needs Debian's debhelper. The maintainer is DEBFULLNAME and
 * DEBEMAIL, as for Debian's own tools.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { completion } from '../src/cli/completion.ts';
import { archOf, buildBinary, nodeFor, type Arch } from './binary.ts';

const DEBIAN: Readonly<Record<Arch, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Returns the path of the package. */
export function buildDeb(arch: Arch, own?: string): string {
  const binary = buildBinary(arch, own);
  const { version: ours } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const version = ours.replace('-', '~'); // dpkg sorts 1.0.0~rc.1 before 1.0.0
  const tree = `build/deb-${arch}`;
  const write = (path: string, text: string): void => writeFileSync(join(tree, path), text);
  rmSync(tree, { recursive: true, force: true });
  for (const folder of ['bin', 'completions']) mkdirSync(join(tree, folder), { recursive: true });

  cpSync(binary, join(tree, 'bin/harden-mail'));
  cpSync('man/harden-mail.1', join(tree, 'harden-mail.1'));
  for (const name of ['README.md', 'CHANGELOG.md', 'docs', 'examples'])
    cpSync(name, join(tree, name), { recursive: true });
  write('completions/harden-mail', completion('bash'));
  write('completions/_harden-mail', completion('zsh'));
  write('completions/harden-mail.fish', completion('fish'));

  cpSync('packaging/debian', join(tree, 'debian'), { recursive: true });
  chmodSync(join(tree, 'debian/rules'), 0o755);
  const { DEBFULLNAME: name = 'harden-mail', DEBEMAIL: mail = 'root@localhost' } = process.env;
  const maintainer = `${name} <${mail}>`;
  write('debian/control', readFileSync('packaging/debian/control', 'utf8').replace('@MAINTAINER@', maintainer));
  write('debian/changelog', changelog(version, maintainer));
  write('debian/copyright', copyright());
  cpSync(nodeFor(arch).licence, join(tree, 'node-licence.txt'));
  cpSync('CHANGELOG.md', join(tree, 'release-notes.md')); // changelog.gz is dpkg's
  cpSync('dist/LICENCES.txt', join(tree, 'package-licences.txt'));
  for (const unit of readdirSync('examples/systemd').filter((file) => /\.(service|timer)$/.test(file))) {
    const text = readFileSync(join('examples/systemd', unit), 'utf8').replaceAll('/usr/local/bin/', '/usr/bin/');
    write(`debian/harden-mail.${unit}`, text);
  }

  const flags = ['--build=binary', '--no-sign', '--no-check-builddeps', `--host-arch=${DEBIAN[arch]}`];
  execFileSync('dpkg-buildpackage', flags, { cwd: tree, stdio: 'pipe' });
  const made = `harden-mail_${version}_${DEBIAN[arch]}`;
  for (const file of readdirSync('build')) if (/\.(buildinfo|changes)$/.test(file)) rmSync(join('build', file));
  rmSync(tree, { recursive: true });
  return `build/${made}.deb`;
}

/** Where dpkg reads version and date. */
function changelog(version: string, maintainer: string): string {
  const date = execFileSync('git', ['log', '-1', '--format=%cD'], { encoding: 'utf8' }).trim();
  return `harden-mail (${version}) unstable; urgency=medium\n\n  * See release-notes.md in /usr/share/doc/harden-mail.\n\n -- ${maintainer}  ${date}\n`;
}

function copyright(): string {
  const others =
    'The executable contains Node.js and packages of npm: their licences are in node-licence.txt and\npackage-licences.txt beside this file.';
  return `${readFileSync('LICENSE', 'utf8')}\n${others}\n`;
}

function main(): void {
  const { values } = parseArgs({ options: { arch: { type: 'string' }, node: { type: 'string' } } });
  console.log(buildDeb(archOf(values.arch ?? process.arch), values.node));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
