import { readFile } from 'node:fs/promises';
import { HardenMailError } from '../model/errors.ts';
import type { Host } from '../model/index.ts';
import { closest } from './closest.ts';
import { matchesTokens, simpleTokens } from '../formats/text/wildcards.ts';

/**
 * The hosts that --limit names, separated by commas: host names, groups, globs, and `@FILE` for the hosts of a run that did not end
 * with 0. `!` before one of these takes away. A pattern without a match is an error, and so is a limit that leaves no host.
 */
export async function selectHosts(hosts: readonly Host[], limit: string | undefined): Promise<readonly Host[]> {
  if (limit === undefined) return hosts;
  const patterns = limit
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  if (patterns.length === 0) throw unmatched('--limit names no host', hosts);
  const [chosen, left] = [new Set<Host>(), new Set<Host>()];
  for (const pattern of patterns) {
    const positive = pattern.replace(/^!\s*/, '');
    const named = await matching(positive, hosts);
    for (const host of named) (positive === pattern ? chosen : left).add(host);
  }
  const takesAwayOnly = patterns.every((pattern) => pattern.startsWith('!'));
  const rest = hosts.filter((host) => (takesAwayOnly || chosen.has(host)) && !left.has(host));
  if (rest.length === 0) throw unmatched(`--limit ${limit} leaves no host`, hosts);
  return rest;
}

async function matching(pattern: string, hosts: readonly Host[]): Promise<readonly Host[]> {
  if (pattern.startsWith('@')) return (await unwell(pattern.slice(1))).map((name) => hostNamed(name, pattern, hosts));
  const found = hosts.filter(({ name, groups = [] }) => matchesName(pattern, name) || groups.includes(pattern));
  if (found.length > 0) return found;
  const near = closest(pattern, namesOf(hosts));
  throw unmatched(`--limit ${pattern} matches no host and no group of the inventory${near}`, hosts);
}

function hostNamed(name: string, from: string, hosts: readonly Host[]): Host {
  const found = hosts.find((host) => host.name === name);
  if (found) return found;
  throw unmatched(`--limit ${from} names ${JSON.stringify(name)}, which the inventory does not have`, hosts);
}

/** The hosts of a `--json` document whose exit code is not 0: those that failed, drifted or were not begun. */
async function unwell(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw wrongFile(`--limit @${path} cannot be read: ${error.code ?? error.message}`);
  });
  const hosts = hostsIn(text);
  if (hosts === null) throw wrongFile(`--limit @${path}: this is no document of --json`);
  const names = hosts.filter(({ exit }) => exit !== 0).map(({ host }) => host);
  if (names.length === 0) throw wrongFile(`--limit @${path}: every host of that run ended with 0`);
  return names;
}

interface EndedHost {
  readonly host: string;
  readonly exit: number;
}

function hostsIn(text: string): readonly EndedHost[] | null {
  try {
    const { hosts } = JSON.parse(text) as { readonly hosts: readonly EndedHost[] };
    return hosts.every(({ host, exit }) => typeof host === 'string' && typeof exit === 'number') ? hosts : null;
  } catch {
    return null;
  }
}

function wrongFile(what: string): HardenMailError {
  return new HardenMailError('USAGE', what, '--limit @FILE takes the output of a run with --json.');
}

const MOST_NAMES = 20;

function unmatched(what: string, hosts: readonly Host[]): HardenMailError {
  const names = namesOf(hosts);
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return new HardenMailError('USAGE', what, `The inventory has: ${names.slice(0, MOST_NAMES).join(', ')}${more}.`);
}

/** Hosts, then groups. */
function namesOf(hosts: readonly Host[]): string[] {
  return [...new Set([...hosts.map(({ name }) => name), ...hosts.flatMap(({ groups = [] }) => groups)])];
}

/** Does a host's name match a pattern with `*` and `?`? */
export function matchesName(pattern: string, name: string): boolean {
  return matchesTokens(simpleTokens(pattern), name);
}
