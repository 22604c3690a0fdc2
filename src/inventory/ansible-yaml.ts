/** Ansible's inventory as YAML. */
import { newGroup, type AnsibleFile, type AnsibleGroup } from './ansible-file.ts';
import { expandRange } from './ansible-hosts.ts';
import type { Locate } from './parse-inventory.ts';

const PARTS = ['hosts', 'children', 'vars'];

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A group is nothing, or has only these parts. */
const isGroup = (value: unknown): boolean =>
  value === null || (isNode(value) && Object.keys(value).every((key) => PARTS.includes(key)));

/** Null if this is another file: Ansible's has groups at the top. */
export function ansibleYaml(value: unknown, locate: Locate): AnsibleFile | null {
  if (!isNode(value) || 'hosts' in value || !Object.values(value).every(isGroup)) return null;
  if (!Object.values(value).some((group) => group !== null)) return null;
  const groups = new Map<string, AnsibleGroup>();
  const hosts = new Map<string, Map<string, string>>();
  const unread = new Set<string>();
  const places = new Map<string, readonly string[]>();

  function read(name: string, node: unknown, path: readonly string[]): void {
    const group = groups.get(name) ?? groups.set(name, newGroup()).get(name)!;
    if (!isNode(node)) return;
    for (const [variable, given] of variables(node['vars'])) group.vars.set(variable, given);
    for (const [pattern, vars] of isNode(node['hosts']) ? Object.entries(node['hosts']) : []) {
      const names = expandRange(pattern);
      if (names === null) unread.add(pattern);
      for (const host of names ?? []) {
        group.hosts.add(host);
        if (!places.has(host)) places.set(host, [...path, 'hosts', pattern]);
        hosts.set(host, new Map([...(hosts.get(host) ?? []), ...variables(vars)]));
      }
    }
    for (const [child, inner] of isNode(node['children']) ? Object.entries(node['children']) : []) {
      group.children.add(child);
      read(child, inner, [...path, 'children', child]);
    }
  }

  for (const [name, node] of Object.entries(value)) read(name, node, [name]);
  return {
    groups,
    hosts,
    unread,
    locate: ([, host, ...rest]) => locate([...(places.get(String(host)) ?? []), ...rest]),
  };
}

/** Lists and maps are for playbooks: their names are kept, to be named as not read. */
function variables(value: unknown): [string, string][] {
  if (!isNode(value)) return [];
  return Object.entries(value).map(([name, given]) => [name, isScalar(given) ? String(given) : '…']);
}

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);
