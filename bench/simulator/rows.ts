/** The controller alone: fleets of up to a thousand simulated hosts, and the same on one processor. */
import { hardenMail, options, sshCat, type Way } from '../contenders.ts';
import { measure, watched } from '../measure.ts';
import { figures, ratio, row, type Row } from '../table.ts';
import { simulate, simulatedFleet } from './simulated-fleet.ts';

const SIZES = [1, 10, 50, 100, 1000];
const WIDTH = 10;
/** A run over more hosts than this takes minutes, so it is made once. */
const QUICK = 100;

/** @param way to a host that harden-mail has hardened */
export async function simulatorRows(way: Way, runs: number): Promise<Row[]> {
  await simulate(way);
  const rows: Row[] = [];
  const cpu = new Map<number, number>();
  for (const size of SIZES) {
    const fleet = await simulatedFleet(way.host, way.folder, size);
    const from = await options(way, way.host.identity, fleet.known);
    const apply = hardenMail('apply', '--inventory', fleet.inventory, '--forks', `${WIDTH}`, ...from);
    const ssh = sshCat(way.host.identity, fleet.known, '{}').map((word) => word.replace('root@', ''));
    const table = await measure(
      [
        { name: 'ssh', command: ['xargs', '-a', fleet.list, '-P', `${WIDTH}`, '-I', '{}', ...ssh] },
        { name: 'no change', command: apply, env: watched },
        { name: 'one processor', command: ['taskset', '-c', '0', ...apply], env: watched },
      ],
      size > QUICK ? 1 : runs,
      { warmUp: size <= QUICK },
    );
    const all = figures(table, 'no change');
    cpu.set(size, all.cpu);
    const further =
      size > 1 ? `${((all.cpu - (cpu.get(1) ?? 0)) / (size - 1)).toFixed(1)} ms CPU a further host, ` : '';
    const memory = `≤ ${size <= 50 ? 75 : 60 + 0.2 * size} MB`;
    rows.push(
      ratio(`${size} simulated hosts / \`xargs -P ${WIDTH}\` of bare ssh`, table, 'no change', 'ssh', '≤ 1.1'),
      row(`${size} simulated hosts: controller`, `${further}${Math.round(all.memory)} MB`, `≤ 30 ms, ${memory}`, ''),
      ratio(`${size} simulated hosts, on one of the processors / on all`, table, 'one processor', 'no change', '–'),
    );
  }
  return rows;
}
