/** Versions of Node.js as npm's packages carry them, kept in ~/.cache/harden-mail/nodes for later runs. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The program of `version` (`24.22.3`, or `24` for the newest of that major version), with its licence beside it. */
export interface NpmNode {
  readonly program: string;
  readonly licence: string;
}

/**
 * @param arch as process.arch says it: x64, arm64
 * @param integrity the digest that the package must have, as npm writes it
 */
export function npmNode(version: string, arch: string = process.arch, integrity?: string): NpmNode {
  const name = `node-linux-${arch}`;
  const folder = join(homedir(), '.cache/harden-mail/nodes', `${version}-${arch}`);
  const module = join(folder, 'node_modules', name);
  if (!existsSync(join(module, 'bin/node'))) {
    mkdirSync(folder, { recursive: true });
    // A package for another processor is a file like any other here.
    const quiet = [
      '--no-audit',
      '--no-fund',
      '--save-exact',
      '--package-lock',
      '--force',
      '--ignore-scripts',
      '--prefix',
      folder,
    ];
    execFileSync('npm', ['install', ...quiet, `${name}@${version}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  }
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as Lock;
  const found = lock.packages[`node_modules/${name}`]?.integrity; // npm has compared it with what it unpacked
  if (integrity !== undefined && found !== integrity)
    throw new Error(`${name} ${version} has the digest ${found}, not ${integrity}`);
  return { program: join(module, 'bin/node'), licence: join(module, 'LICENSE') };
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
}
