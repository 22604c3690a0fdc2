import { HardenMailError } from '../errors.ts';
import type { Host } from '../model.ts';

/** The hosts that a --limit names: host names or globs, parted by commas. One that matches none is an error. */
export function selectHosts(hosts: readonly Host[], limit: string | undefined): readonly Host[] {
  if (limit === undefined) return hosts;
  const patterns = limit
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  if (patterns.length === 0) throw unmatched('--limit names no host', hosts);
  const chosen = new Set<Host>();
  for (const pattern of patterns) {
    const matching = hosts.filter(({ name }) => globToRegExp(pattern).test(name));
    if (matching.length === 0) throw unmatched(`--limit ${pattern} matches no host of the inventory`, hosts);
    matching.forEach((host) => chosen.add(host));
  }
  return hosts.filter((host) => chosen.has(host));
}

function unmatched(what: string, hosts: readonly Host[]): HardenMailError {
  return new HardenMailError('USAGE', what, `The inventory has: ${hosts.map(({ name }) => name).join(', ')}.`);
}

function globToRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`);
}
