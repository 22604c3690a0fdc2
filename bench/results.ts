/** The results of the parts of `npm run bench`, and the page that is made from them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Row } from './table.ts';

const KEPT = fileURLToPath(new URL('../build/bench/', import.meta.url));

/** What a part has measured, kept in build/bench/: a whole run that was stopped or failed goes on with the parts that are missing. */
export interface Result {
  /** ISO 8601, UTC. */
  readonly when: string;
  readonly runs: number;
  readonly rows: readonly Row[];
}

export function keep(part: string, result: Result): void {
  mkdirSync(KEPT, { recursive: true });
  writeFileSync(join(KEPT, `${part}.json`), JSON.stringify(result, null, 2));
}

/** Puts rows of a part that was measured again, in part, in the place of those with the same names. */
export function replace(part: string, { rows }: Result): void {
  const earlier = kept(part);
  if (earlier === null) return;
  const nameOf = (one: Row): string => one.split(' | ')[0]!;
  const again = new Map(rows.map((one) => [nameOf(one), one]));
  keep(part, { ...earlier, rows: earlier.rows.map((one) => again.get(nameOf(one)) ?? one) });
}

export function kept(part: string): Result | null {
  const file = join(KEPT, `${part}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Result) : null;
}

export function page(all: readonly Result[]): string {
  const days = [...new Set(all.map(({ when }) => when.slice(0, 10)))].sort();
  const runs = [...new Set(all.map((one) => one.runs))].sort((x, y) => x - y);
  return [
    '# Benchmarks',
    '',
    'Made by `npm run bench`. Each ratio compares medians of interleaved runs of whole processes (A B C A B C …), on lab hosts.',
    'A TUN device delays each packet by the given RTT, for all contenders. Ansible’s connections persist from run to run, those of',
    'harden-mail are always new. The simulated hosts are one lab host under as many addresses: sshd and the mail ports are real, and what the',
    'command on the host prints is recorded ([simulator](simulator/simulated-fleet.ts)). Ansible’s [playbook](ansible/playbook.yml) asserts the same state, and must find nothing to change.',
    '',
    `${days.join(' and ')} · ${runs.join(' or ')} runs each · Node ${process.version} · ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'CPU'}`,
    '',
    '| figure | measured | bar | medians (min–max) |',
    '| --- | --- | --- | --- |',
    ...all.flatMap(({ rows }) => rows),
    '',
  ].join('\n');
}
