/** `--list-hosts`: the hosts of a run, without contacting them. */
import type { Host } from '../model/index.ts';
import { escape } from '../report/escape.ts';

/** A line for each host: its name, then how it is reached and its groups; or the same as JSON. */
export function listHosts(hosts: readonly Host[], json = false): string {
  if (json) {
    const told = hosts.map(({ name, hostname, user, port, groups }) => ({ name, hostname, user, port, groups }));
    return `${JSON.stringify({ version: 1, hosts: told }, null, 2)}\n`;
  }
  const width = Math.max(...hosts.map(({ name }) => name.length));
  return hosts.map((host) => `${escape(host.name).padEnd(width)}  ${escape(about(host))}`.trimEnd() + '\n').join('');
}

function about({ name, hostname, user, port, groups = [], local }: Host): string {
  if (local) return 'this machine';
  const target = `${user === undefined ? '' : `${user}@`}${hostname}${port === undefined ? '' : `:${port}`}`;
  return [...(target === name ? [] : [target]), ...(groups.length > 0 ? [`(${groups.join(', ')})`] : [])].join('  ');
}
