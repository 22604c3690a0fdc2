/** What was seen, kept beside the page that is made of it, so that one run may renew a part. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Seen } from './look.ts';
import { page } from './page.ts';

const KEPT = 'docs/audit-outside.json';
const PAGE = 'docs/audit-outside.md';

const placeOf = ({ release, host, port, tool }: Seen): string => [release, host, port, tool].join(' ');

/** The newer in place of the older. */
export function merge(older: readonly Seen[], newer: readonly Seen[]): Seen[] {
  return [...new Map([...older, ...newer].map((one) => [placeOf(one), one])).values()];
}

async function kept(): Promise<Seen[]> {
  try {
    return JSON.parse(await readFile(KEPT, 'utf8')) as Seen[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export async function write(seen: readonly Seen[]): Promise<void> {
  const all = merge(await kept(), seen);
  await writeFile(KEPT, `[\n${all.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
  await writeFile(PAGE, `${page(all)}\n`);
}
