/** `~/.config/harden-mail/config.yaml`: defaults of the person who runs harden-mail. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { closest } from '../inventory/closest.ts';
import { parseInventory } from '../inventory/parse-inventory.ts';
import { HardenMailError } from '../model/errors.ts';
import type { Flags } from './arguments.ts';
import { HOST_DEFAULTS, RUN_DEFAULTS } from './config-names.ts';
import { OPTIONS, type OptionName } from './options.ts';
import type { OptionRecord } from './options/option-record.ts';

/** Paths on this machine: one that is relative begins at the folder of the file. */
const FILES: readonly OptionName[] = [
  'inventory',
  'identity',
  'known-hosts',
  'ssh-config',
  'acme-ca',
  'ca',
  'log-file',
];

export type Defaults = Flags;

export function configPath(env: Readonly<Record<string, string | undefined>>): string | null {
  const folder = env['XDG_CONFIG_HOME'] || (env['HOME'] && join(env['HOME'], '.config'));
  return folder ? join(folder, 'harden-mail', 'config.yaml') : null;
}

/** The values of the file; none if there is no file. Throws USAGE as `FILE:LINE:COLUMN: …`. */
export async function readConfig(env: Readonly<Record<string, string | undefined>>): Promise<Defaults> {
  const path = configPath(env);
  const text = path && (await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => unreadable(path, error)));
  if (!path || !text) return {};
  const { value, locate } = await parseInventory(text, path);
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(`${path}: this is no list of NAME: VALUE`);
  const names: readonly string[] = [...HOST_DEFAULTS, ...RUN_DEFAULTS];
  const entries = Object.entries(value as Record<string, unknown>).map(([name, given]) => {
    const wrong = (what: string): HardenMailError => invalid(`${path}:${locate([name])}: ${name}: ${what}`);
    if (!names.includes(name)) {
      const known = Object.hasOwn(OPTIONS, name)
        ? 'this option is for the command line only'
        : 'there is no such option';
      throw wrong(`${known}${closest(name, names)}`);
    }
    const problem = problemOf(given, OPTIONS[name as OptionName]);
    if (problem !== null) throw wrong(problem);
    return [name, FILES.includes(name as OptionName) ? absolute(String(given), path, env['HOME']) : given] as const;
  });
  return Object.fromEntries(entries);
}

function problemOf(given: unknown, { type, choices }: OptionRecord): string | null {
  if (type === 'boolean') return typeof given === 'boolean' ? null : 'takes true or false';
  if (type === 'number')
    return Number.isInteger(given) && Number(given) > 0 ? null : 'takes a whole number, 1 or higher';
  if (typeof given !== 'string' || given === '') return 'takes a text';
  return !choices || choices.includes(given) ? null : `takes one of ${choices.join(', ')}`;
}

function absolute(given: string, path: string, home: string | undefined): string {
  if (given === 'none') return given; // --ssh-config none
  return given.startsWith('~/') && home ? join(home, given.slice(2)) : resolve(dirname(path), given);
}

function unreadable(path: string, error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
  throw invalid(`${path} cannot be read: ${error.code ?? error.message}`);
}

function invalid(what: string): HardenMailError {
  return new HardenMailError('USAGE', what, 'docs/fleets.md shows what the file may have.');
}
