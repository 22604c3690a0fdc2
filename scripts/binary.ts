/**
 * `npm run build:binary -- [--arch x64|arm64] [--node FILE]`: makes build/harden-mail-linux-ARCH, one file that needs no Node.js:
 * Node.js itself with the program in it (https://nodejs.org/api/single-executable-applications.html).
 *
 * The Node.js is npm's package of it, pinned by version and digest. It is linked with what every Debian has (libc 2.28, libstdc++);
 * that of 26 needs libatomic1 too. --node takes another one, for example a distribution's own.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { npmNode, type NpmNode } from './npm-node.ts';

const VERSION = '24.22.3';
const INTEGRITY = {
  x64: 'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  arm64: 'sha512-IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
};
export type Arch = keyof typeof INTEGRITY;

/** The mark that Node.js looks for in its own file. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const STRIP: Readonly<Record<Arch, string>> = { x64: 'x86_64-linux-gnu-strip', arm64: 'aarch64-linux-gnu-strip' };

/** The Node.js that goes into an executable. */
export function nodeFor(arch: Arch): NpmNode {
  return npmNode(VERSION, arch, INTEGRITY[arch]);
}

/** Returns the path of the executable. */
export function buildBinary(arch: Arch, own?: string): string {
  process.chdir(fileURLToPath(new URL('..', import.meta.url)));
  mkdirSync('build', { recursive: true });
  const node = own ?? nodeFor(arch).program;
  // The part for the program is made by the same version; without code of V8 in it, it fits every processor.
  const maker = own ?? nodeFor(archOf(process.arch)).program;
  const [config, blob, file] = [`build/${arch}.json`, `build/${arch}.blob`, `build/harden-mail-linux-${arch}`] as const;
  const settings = {
    main: 'build/executable.cjs',
    output: blob,
    assets: Object.fromEntries(['program.cjs', 'worker.cjs', 'texts.json.z'].map((name) => [name, `dist/${name}`])),
    disableExperimentalSEAWarning: true,
    execArgvExtension: 'none', // NODE_OPTIONS is for Node.js, not for harden-mail
  };
  writeFileSync(config, JSON.stringify(settings));
  execFileSync(maker, ['--experimental-sea-config', config], { stdio: 'pipe' });
  rmSync(file, { force: true });
  copyFileSync(node, file);
  chmodSync(file, 0o755);
  execFileSync(STRIP[arch], [file]); // before the injection: the part that it adds is no section
  // It warns on standard error of names of Node.js's notes that it cannot read, which it leaves alone.
  execFileSync('node_modules/.bin/postject', [file, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE], { stdio: 'pipe' });
  rmSync(config);
  rmSync(blob);
  return file;
}

export function archOf(text: string): Arch {
  if (text in INTEGRITY) return text as Arch;
  throw new Error(`--arch takes ${Object.keys(INTEGRITY).join(' or ')}, not ${text}`);
}

function main(): void {
  const { values } = parseArgs({ options: { arch: { type: 'string' }, node: { type: 'string' } } });
  console.log(buildBinary(archOf(values.arch ?? process.arch), values.node));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
