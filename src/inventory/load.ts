import { readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, extname } from 'node:path';
import { HardenMailError } from '../model/errors.ts';
import type { Host, Sni } from '../model/index.ts';
import type { AnsibleHosts } from './ansible.ts';
import { closest } from './closest.ts';
import { parseInventory, type Locate } from './parse-inventory.ts';
import type { Inventory, Issue } from './inventory-schema.ts';
import { nestRequest } from './request-settings.ts';
import { matchesName } from './select.ts';

/** Values of flags or environment variables; each overrides the value of the inventory. */
export type Overrides = Partial<Omit<Host, 'name' | 'hostname' | 'groups'>>;

interface Reading {
  /** Takes a line about what an inventory of Ansible has and harden-mail does not read. */
  readonly note?: (line: string) => void;
  /** Values below those of the inventory. */
  readonly defaults?: Overrides;
}

/**
 * The hosts of an inventory file, in its order. Throws INVENTORY_INVALID with the place in the file.
 */
export async function loadInventory(
  path: string,
  overrides: Overrides,
  { note = () => {}, defaults = {} }: Reading = {},
): Promise<Host[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw invalid(
      `the inventory ${path} cannot be read: ${error.code ?? error.message}`,
      'Give --inventory the path of a JSON or YAML file.',
    );
  });
  const { value, locate, ansible } = await readInventory(text, path);
  if (ansible) await tellUnread(path, ansible.unread, note);
  const { inventorySchema, settingNames } = await import('./inventory-schema.ts');
  const result = inventorySchema.safeParse(value);
  const wrong = result.success
    ? problems(result.data)
    : result.error.issues.flatMap((issue) => wrongIn(issue, settingNames));
  if (!result.success || wrong.length > 0) {
    const places = wrong.map(({ at, what }) => `${locate(at)}: ${place(at)}: ${what}`).join('; ');
    throw invalid(`${path}:${places}`, 'inventory.example.json shows every setting.');
  }
  const hosts = hostsOf(result.data, overrides, defaults);
  return ansible ? hosts.map((host) => asInAnsible(host, ansible)) : hosts;
}

interface Source {
  readonly value: unknown;
  readonly locate: Locate;
  readonly ansible: AnsibleHosts | null;
}

/** An inventory of Ansible becomes one of harden-mail with hosts only. */
async function readInventory(text: string, path: string): Promise<Source> {
  const isIni = /\.ini$/i.test(path) || (extname(path) === '' && !/^\s*\{/.test(text));
  if (isIni) {
    const { fromAnsibleIni } = await import('./ansible.ts');
    return ofAnsible(fromAnsibleIni(text, path));
  }
  const { value, locate } = await parseInventory(text, path);
  const { fromAnsibleYaml } = await import('./ansible.ts');
  const ansible = fromAnsibleYaml(value, locate);
  return ansible ? ofAnsible(ansible) : { value, locate, ansible };
}

function ofAnsible(ansible: AnsibleHosts): Source {
  return { value: { hosts: ansible.hosts }, locate: ansible.locate, ansible };
}

/** Ansible's inventory says nothing of additional names, so those of the last apply stay. */
function asInAnsible(host: Host, { groupsOf }: AnsibleHosts): Host {
  const groups = groupsOf.get(host.name) ?? [];
  return compact<Host>({ ...host, sni: undefined, groups: groups.length > 0 ? groups : undefined });
}

async function tellUnread(path: string, unread: readonly string[], note: (line: string) => void): Promise<void> {
  const folder = dirname(path);
  const beside = await readdir(folder).catch(() => [] as string[]);
  const folders = ['group_vars', 'host_vars'].filter((name) => beside.includes(name)).map((name) => `${name}/`);
  const all = [...unread, ...folders];
  if (all.length > 0) note(`${path}: an inventory of Ansible; not read: ${all.join(', ')}`);
}

interface Wrong {
  readonly at: readonly PropertyKey[];
  readonly what: string;
}

/** Faults that the validator cannot see: no hosts, and group members that match no host. */
function problems({ groups, hosts }: Inventory): Wrong[] {
  const names = Object.keys(hosts);
  if (names.length === 0) return [{ at: ['hosts'], what: 'the inventory has no hosts' }];
  const members = Object.entries(groups).flatMap(([group, { hosts: members }]) =>
    members.flatMap((member, index) => {
      if (names.some((name) => matchesName(member, name))) return [];
      return [{ at: ['groups', group, 'hosts', index], what: `matches no host below${closest(member, names)}` }];
    }),
  );
  return [...members, ...Object.entries(hosts).flatMap(([name, { sni = [] }]) => wrongNames(name, sni))];
}

/** Faults of additional names: a certificate without key or the reverse, and a name with two certificates. */
function wrongNames(host: string, sni: NonNullable<Inventory['hosts'][string]['sni']>): Wrong[] {
  const seen = new Set<string>();
  return sni.flatMap(({ names, cert, key }, index) => {
    const at = ['hosts', host, 'sni', index];
    const half = (cert === undefined) !== (key === undefined);
    const [has, lacks] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    return [
      ...(half ? [{ at: [...at, has], what: `has no ${lacks} beside it` }] : []),
      ...names.flatMap((name, n) => {
        const twice = seen.has(name.toLowerCase());
        seen.add(name.toLowerCase());
        return twice ? [{ at: [...at, 'names', n], what: 'already has a certificate above' }] : [];
      }),
    ];
  });
}

/** The places and texts of one issue of the validator. */
function wrongIn(issue: Issue, known: readonly string[]): Wrong[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      at: [...issue.path, key],
      what: `there is no such setting${closest(key, known)}`,
    }));
  }
  const own = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
  return [{ at: issue.path, what: own ?? issue.message }];
}

/** Each host with its own values, else those of its groups (later ones first), else the defaults. */
function hostsOf({ defaults, groups, hosts }: Inventory, overrides: Overrides, below: Overrides): Host[] {
  const { request: lowest, ...lower } = below;
  return Object.entries(hosts).map(([name, own]) => {
    const mine = Object.entries(groups).filter(([, { hosts: members }]) =>
      members.some((member) => matchesName(member, name)),
    );
    const shared = mine.map(([, group]) => ({ ...group, hosts: undefined }));
    const { request: given, ...flags } = overrides;
    const merged = Object.assign({}, lower, lowest, defaults, ...shared, own, flags) as typeof own;
    const names = mine.map(([group]) => group);
    return compact({
      name,
      ...nestRequest(merged, given),
      hostname: own.hostname ?? name,
      // An inventory is complete: a name that it does not list is removed.
      sni: (own.sni ?? []).map((one) => compact<Sni>(one)),
      groups: names.length > 0 ? names : undefined,
    });
  });
}

/** Throws USAGE for a certificate without its key, or a key without its certificate. */
export function assertPairs(hosts: readonly Host[]): void {
  const half = hosts.find(({ cert, key }) => (cert === undefined) !== (key === undefined));
  if (half === undefined) return;
  const [has, lacks] = half.cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
  throw new HardenMailError(
    'USAGE',
    `${half.name} has a ${has} but no ${lacks}`,
    'Give --cert and --key together (in the inventory cert and key): both are paths on the host.',
  );
}

/** The host that the command line names. */
export function singleHost(hostname: string, overrides: Overrides): Host {
  return compact({ name: hostname, hostname, ...overrides });
}

/** The machine that this program runs on. */
export function thisMachine(overrides: Overrides): Host {
  const name = hostname();
  return compact({ name, hostname: name, local: true, ...overrides });
}

function compact<T extends object>(host: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(host).filter(([, value]) => value !== undefined)) as T;
}

/** `hosts.mx1.port`; names that are not plain words are quoted. */
function place(path: readonly PropertyKey[]): string {
  return path.map((key) => (/^[\w-]+$/.test(String(key)) ? String(key) : JSON.stringify(key))).join('.') || 'the file';
}

function invalid(message: string, hint: string): HardenMailError {
  return new HardenMailError('INVENTORY_INVALID', message, hint);
}
