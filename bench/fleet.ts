/** Many hosts in one run, beside bare ssh to as many at the same width. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lab } from '../src/lab/lab.ts';
import type { LabHost } from '../src/lab/lab.ts';
import { hardenMail, options, sshCat, type Way } from './contenders.ts';
import { measure, watched } from './measure.ts';
import { figures, ratio, row, type Row } from './table.ts';

const HOSTS = 10;
/** All of them, where the lab has room for ten: entry n is host n mod 10 under another name. */
const SIZES = [1, 10, 50];
const WIDTH = 10;

/** @param way gives the authority and the folder; its host is the first of the fleet */
export async function fleetRows(way: Way, runs: number): Promise<Row[]> {
  const more = Array.from({ length: HOSTS - 1 }, () => lab.host({ release: 'bookworm', mail: true }));
  const hosts = [way.host, ...(await Promise.all(more))];
  const rows: Row[] = [];
  const cpu: number[] = [];
  const memory: number[] = [];
  for (const size of SIZES) {
    const { inventory, known, list } = await fleet(hosts, size, way.folder);
    const apply = [
      ...hardenMail('apply', '--inventory', inventory, '--forks', `${WIDTH}`),
      ...(await options(way, way.host.identity, known)),
    ];
    const ssh = sshCat(way.host.identity, known, '{}').map((word) => word.replace('root@', ''));
    const table = await measure(
      [
        { name: 'ssh', command: ['xargs', '-a', list, '-P', `${WIDTH}`, '-I', '{}', ...ssh] },
        { name: 'no change', command: apply, env: watched },
      ],
      runs,
    );
    rows.push(
      ratio(
        `${size} hosts, no change, verified / \`xargs -P ${WIDTH}\` of bare ssh`,
        table,
        'no change',
        'ssh',
        '≤ 1.3',
      ),
    );
    cpu.push(figures(table, 'no change').cpu);
    memory.push(figures(table, 'no change').memory);
  }
  const [one, most] = [SIZES[0]!, SIZES.at(-1)!];
  const each = ((cpu.at(-1) ?? 0) - (cpu[0] ?? 0)) / (most - one);
  rows.push(row('CPU of the controller for each further host', `${each.toFixed(1)} ms`, '≤ 15 ms'));
  const limit = 80 + 0.5 * most;
  rows.push(row(`peak memory of a run on ${most} hosts`, `${Math.round(memory.at(-1) ?? 0)} MB`, `≤ ${limit} MB`));
  await Promise.all(hosts.slice(1).map((host) => host.stop()));
  return rows;
}

async function fleet(hosts: readonly LabHost[], size: number, folder: string) {
  const entries = Array.from({ length: size }, (_, n) => ({
    name: `n${n}.bench.test`,
    host: hosts[n % hosts.length]!,
  }));
  const files = {
    inventory: join(folder, 'fleet.json'),
    known: join(folder, 'fleet.keys'),
    list: join(folder, 'fleet'),
  };
  const keys = await Promise.all(hosts.map((host) => host.run('cat /etc/ssh/ssh_host_*_key.pub')));
  await writeFile(files.known, keys.map((text, n) => text.replaceAll(/^(?=\S)/gm, `${hosts[n]!.address} `)).join(''));
  await writeFile(
    files.inventory,
    JSON.stringify({
      hosts: Object.fromEntries(entries.map(({ name, host }) => [name, { hostname: host.address, domain: host.name }])),
    }),
  );
  await writeFile(files.list, entries.map(({ host }) => `root@${host.address}\n`).join(''));
  return files;
}
