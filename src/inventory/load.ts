import { readFile } from 'node:fs/promises';
import { HardenMailError } from '../errors.ts';
import type { Host } from '../model.ts';
import { parseJson } from './json.ts';

/** What a flag or an environment variable says; it wins over the inventory. */
export type Overrides = Partial<Omit<Host, 'name' | 'hostname'>>;

/** The hosts of an inventory file, in its order. Throws INVENTORY_INVALID with the place in the file. */
export async function loadInventory(path: string, overrides: Overrides): Promise<Host[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw invalid(
      `the inventory ${path} cannot be read: ${error.code ?? error.message}`,
      'Give --inventory the path of a JSON file.',
    );
  });
  const { value, locate } = await parseJson(text, path);
  const { inventorySchema } = await import('./schema.ts');
  const result = inventorySchema.safeParse(value);
  if (!result.success) {
    const places = result.error.issues.flatMap((issue) => {
      const wrong =
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => ({ at: [...issue.path, key], what: 'there is no such setting' }))
          : [{ at: issue.path, what: issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message }];
      return wrong.map(({ at, what }) => `${locate(at)}: ${place(at)}: ${what}`);
    });
    throw invalid(`${path}:${places.join('; ')}`, 'inventory.example.json shows every setting.');
  }
  const { defaults, hosts } = result.data;
  if (Object.keys(hosts).length === 0) {
    throw invalid(
      `${path}:${locate(['hosts'])}: hosts: there is none`,
      'inventory.example.json shows how to name one.',
    );
  }
  return Object.entries(hosts).map(([name, own]) => {
    const merged = { ...defaults, ...own, ...overrides };
    return compact({ name, ...merged, hostname: own.hostname ?? name, profile: merged.profile ?? 'standard' });
  });
}

/** Throws USAGE for what an inventory could not say either. */
export async function assertContact({ email, acmeServer }: Overrides): Promise<void> {
  if (email === undefined && acmeServer === undefined) return;
  const { contactSchema } = await import('./schema.ts');
  const [issue] = contactSchema.safeParse(compact({ email, acmeServer })).error?.issues ?? [];
  if (issue === undefined) return;
  const [flag, like] =
    issue.path[0] === 'email' ? ['--email', 'me@example.org'] : ['--acme-server', 'https://acme.example.org/directory'];
  throw new HardenMailError('USAGE', `${flag}: ${issue.message}`, `Write it like ${like}.`);
}

/** One host that was named on the command line. */
export function singleHost(hostname: string, overrides: Overrides): Host {
  return compact({ name: hostname, hostname, ...overrides, profile: overrides.profile ?? 'standard' });
}

function compact<T extends Partial<Host>>(host: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(host).filter(([, value]) => value !== undefined)) as T;
}

/** `hosts.mx1.port`, with names that are not plain words quoted. */
function place(path: readonly PropertyKey[]): string {
  return path.map((key) => (/^[\w-]+$/.test(String(key)) ? String(key) : JSON.stringify(key))).join('.') || 'the file';
}

function invalid(message: string, hint: string): HardenMailError {
  return new HardenMailError('INVENTORY_INVALID', message, hint);
}
