/**
 * An inventory of Ansible, as INI or YAML, read for hosts, groups and connection variables
 * (https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html).
 */
import { ansibleIni } from './ansible-ini.ts';
import type { AnsibleFile, AnsibleGroup } from './ansible-file.ts';
import { ansibleYaml } from './ansible-yaml.ts';
import type { Locate } from './parse-inventory.ts';

/** Ansible's variable, and ours. The later ones of a name count more. */
const CONNECTION = [
  ['ansible_ssh_host', 'hostname'],
  ['ansible_host', 'hostname'],
  ['ansible_ssh_port', 'port'],
  ['ansible_port', 'port'],
  ['ansible_ssh_user', 'user'],
  ['ansible_user', 'user'],
  ['ansible_private_key_file', 'identity'],
  ['ansible_ssh_private_key_file', 'identity'],
] as const;

/** These say what harden-mail does anyway. */
const AS_ALWAYS: Readonly<Record<string, RegExp>> = {
  ansible_connection: /^(ssh|smart)$/,
  ansible_become: /^(true|yes|1)$/i,
  ansible_become_method: /^sudo$/,
  ansible_become_user: /^root$/,
};

export interface AnsibleHosts {
  /** Settings as an inventory of harden-mail has them, by host. */
  readonly hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The groups of each host, without `all` and `ungrouped`. */
  readonly groupsOf: ReadonlyMap<string, readonly string[]>;
  /** Names of variables and parts that were not read. */
  readonly unread: readonly string[];
  readonly locate: Locate;
}

/** Null if the value of a YAML file is no inventory of Ansible. */
export const fromAnsibleYaml = (value: unknown, locate: Locate): AnsibleHosts | null => {
  const file = ansibleYaml(value, locate);
  return file && resolved(file);
};

export const fromAnsibleIni = (text: string, path: string): AnsibleHosts => resolved(ansibleIni(text, path));

/** The variables of a host: its own, then those of its groups, a child's before its parent's. */
function resolved({ groups, hosts, unread, locate }: AnsibleFile): AnsibleHosts {
  const depths = depthsOf(groups);
  const groupsOf = new Map<string, string[]>();
  const settings = [...hosts].map(([name, own]) => {
    const mine = ancestorsOf(name, groups).sort((a, b) => depths.get(a)! - depths.get(b)! || (a < b ? -1 : 1));
    groupsOf.set(
      name,
      mine.filter((group) => group !== 'all' && group !== 'ungrouped'),
    );
    const vars = new Map([...mine.flatMap((group) => [...(groups.get(group)?.vars ?? [])]), ...own]);
    return [name, settingsOf(vars, unread)] as const;
  });
  return { hosts: Object.fromEntries(settings), groupsOf, unread: [...unread].sort(), locate };
}

function settingsOf(vars: ReadonlyMap<string, string>, unread: Set<string>): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [variable, setting] of CONNECTION) {
    const value = vars.get(variable);
    if (value !== undefined) settings[setting] = setting === 'port' && /^\d+$/.test(value) ? Number(value) : value;
  }
  for (const [variable, value] of vars) {
    if (CONNECTION.some(([known]) => known === variable) || AS_ALWAYS[variable]?.test(value)) continue;
    unread.add(variable);
  }
  return settings;
}

/** The groups of a host and all groups above them. */
function ancestorsOf(host: string, groups: ReadonlyMap<string, AnsibleGroup>): string[] {
  const found = new Set(['all']);
  for (const [name, { hosts }] of groups) if (hosts.has(host)) found.add(name);
  for (let size = 0; size < found.size;) {
    size = found.size;
    for (const [name, { children }] of groups) if ([...children].some((child) => found.has(child))) found.add(name);
  }
  return [...found];
}

/** The longest way from `all`. A group that is its own descendant ends the count. */
function depthsOf(groups: ReadonlyMap<string, AnsibleGroup>): Map<string, number> {
  const depths = new Map([...groups.keys()].map((name) => [name, name === 'all' ? 0 : 1]));
  depths.set('all', 0);
  for (let round = 0; round < groups.size; round++) {
    for (const [name, { children }] of groups)
      for (const child of children)
        depths.set(child, Math.min(groups.size, Math.max(depths.get(child) ?? 1, depths.get(name)! + 1)));
  }
  return depths;
}
