import { HardenMailError } from '../model/errors.ts';
import type { Host } from '../model/index.ts';
import { closest } from './closest.ts';
import { matchesTokens, simpleTokens } from '../formats/text/wildcards.ts';

/** The hosts that --limit names: host names, groups or globs, separated by commas. A pattern without a match is an error. */
export function selectHosts(hosts: readonly Host[], limit: string | undefined): readonly Host[] {
  if (limit === undefined) return hosts;
  const patterns = limit
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  if (patterns.length === 0) throw unmatched('--limit names no host', hosts);
  const chosen = new Set<Host>();
  for (const pattern of patterns) {
    const matching = hosts.filter(({ name, groups = [] }) => matchesName(pattern, name) || groups.includes(pattern));
    if (matching.length === 0) {
      throw unmatched(
        `--limit ${pattern} matches no host and no group of the inventory${closest(pattern, namesOf(hosts))}`,
        hosts,
      );
    }
    matching.forEach((host) => chosen.add(host));
  }
  return hosts.filter((host) => chosen.has(host));
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
