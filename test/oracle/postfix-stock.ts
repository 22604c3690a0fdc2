/** Every main.cf and master.cf that the packages of a release ship, and main.cf as a fresh installation has it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Release } from './debs.ts';
import { postfixRoot } from './postfix.ts';

export interface Stock {
  readonly name: string;
  readonly bytes: string;
}

export async function stockFiles(release: Release): Promise<{ main: Stock[]; master: Stock[] }> {
  const root = await postfixRoot(release);
  const found: Stock[] = [];
  for (const folder of ['usr/share/postfix', 'etc/postfix']) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if (!entry.isFile() || !/^(?:main|master)\.cf/.test(entry.name)) continue;
      found.push({ name: entry.name, bytes: await readFile(join(root, folder, entry.name), 'latin1') });
    }
  }
  const text = (name: string) => found.find((stock) => stock.name === name)?.bytes ?? '';
  found.push({ name: 'main.cf', bytes: text('main.cf.debian') + text('main.cf.tls') });
  return {
    main: found.filter(({ name }) => name.startsWith('main')),
    master: found.filter(({ name }) => name.startsWith('master')),
  };
}
