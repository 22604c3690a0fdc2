import { HardenMailError } from '../errors.ts';
import type { Host } from '../model.ts';

/** The hosts that a --limit names: host names or globs, parted by commas. One that matches none is an error. */
export function selectHosts(hosts: readonly Host[], limit: string | undefined): readonly Host[] {
  if (limit === undefined) return hosts;
  const patterns = limit
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  const chosen = new Set<Host>();
  for (const pattern of patterns) {
    const matching = hosts.filter(({ name }) => globToRegExp(pattern).test(name));
    if (matching.length === 0) {
      throw new HardenMailError(
        'USAGE',
        `--limit ${pattern} matches no host of the inventory`,
        `It has: ${hosts.map(({ name }) => name).join(', ') || 'none'}.`,
      );
    }
    matching.forEach((host) => chosen.add(host));
  }
  return hosts.filter((host) => chosen.has(host));
}

function globToRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`);
}
