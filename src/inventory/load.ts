import { readFile } from 'node:fs/promises';
import { HardenMailError } from '../errors.ts';
import type { Host } from '../model.ts';

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
  const data = parseJson(text, path);
  const { inventorySchema } = await import('./schema.ts');
  const result = inventorySchema.safeParse(data);
  if (!result.success) {
    const places = result.error.issues.map((issue) => `${place(issue.path)}: ${issue.message}`);
    throw invalid(`${path}: ${places.join('; ')}`, 'inventory.example.json shows every setting.');
  }
  const { defaults, hosts } = result.data;
  return Object.entries(hosts).map(([name, own]) => {
    const merged = { ...defaults, ...own, ...overrides };
    return compact({ name, ...merged, hostname: own.hostname ?? name, profile: merged.profile ?? 'standard' });
  });
}

/** One host that was named on the command line. */
export function singleHost(hostname: string, overrides: Overrides): Host {
  return compact({ name: hostname, hostname, ...overrides, profile: overrides.profile ?? 'standard' });
}

function compact(host: { readonly [K in keyof Host]: Host[K] | undefined }): Host {
  return Object.fromEntries(Object.entries(host).filter(([, value]) => value !== undefined)) as unknown as Host;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = (error as Error).message;
    const at = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    const before = text.slice(0, at).split('\n');
    const what = message.replace(/ in JSON at position.*| \(line.*\)|, "[\s\S]*is not valid JSON$/g, '');
    throw invalid(
      `${path}:${before.length}:${(before.at(-1) ?? '').length + 1}: ${what}`,
      'Mend the JSON at that place.',
    );
  }
}

/** `hosts.mx1.port`, with names that are not plain words quoted. */
function place(path: readonly PropertyKey[]): string {
  return path.map((key) => (/^[\w-]+$/.test(String(key)) ? String(key) : JSON.stringify(key))).join('.') || 'the file';
}

function invalid(message: string, hint: string): HardenMailError {
  return new HardenMailError('INVENTORY_INVALID', message, hint);
}
