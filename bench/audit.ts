/** The audit of one host after strict: all ports side by side against the slowest alone, and testssl.sh against us. */
import { loadavg } from 'node:os';
import { AUDIT_PORTS } from '../src/audit/ports.ts';
import { make } from '../scripts/outside/hosts.ts';
import { ours } from '../scripts/outside/ours.ts';
import { command } from '../scripts/outside/testssl.ts';
import { prepareMachine } from '../test/lab/requirements.ts';
import { run } from '../test/lab/sh.ts';
import { spread, type Figures } from './measure.ts';
import { figures, ratio, row, type Row } from './table.ts';

const PORTS = AUDIT_PORTS.map(({ port }) => port);
/** One of each daemon: testssl.sh takes minutes for a port. */
const FEW = [25, 993];

export async function auditRows(runs: number): Promise<Row[]> {
  await prepareMachine(['testssl.sh']);
  const { host, ca } = await make('bookworm', 'strict');
  const { address, name } = host;
  const ask = (ports: readonly number[]) => () => ours(address, name, ports);
  const contenders = new Map<string, () => Promise<unknown>>([
    ...PORTS.map((port) => [`${port}`, ask([port])] as const),
    ['all', ask(PORTS)],
    ['few', ask(FEW)],
  ]);
  const table = await interleaved(contenders, runs);
  // As it is without options, port after port, once: it takes minutes.
  const testssl = async (): Promise<void> => {
    for (const port of FEW) await run('testssl', ['--ip', address, '--add-ca', ca, ...command(name, port, [])]);
  };
  const theirs = await interleaved(new Map([['testssl.sh', testssl]]), 1, 0);
  const connections = (await ours(address, name, PORTS)).map((seen) => `${seen.port}: ${seen.connections}`);
  await host.stop();

  const slowest = PORTS.map(String).reduce((a, b) => (figures(table, a).median > figures(table, b).median ? a : b));
  const both = new Map([...table, ...theirs]);
  return [
    ratio(`audit: all seven ports side by side / the slowest of them alone (${slowest})`, table, 'all', slowest, '≤ 3'),
    ratio(`audit: testssl.sh / ours, both on ${FEW.join(' and ')}`, both, 'testssl.sh', 'few', '≥ 10'),
    row('audit: connections', connections.join(', '), '–', `load ${loadavg()[0]?.toFixed(1) ?? ''} at the end`),
  ];
}

/** A B C A B C …, in this process. */
async function interleaved(
  contenders: ReadonlyMap<string, () => Promise<unknown>>,
  runs: number,
  warmUps = 1,
): Promise<ReadonlyMap<string, Figures>> {
  const took = new Map([...contenders.keys()].map((name) => [name, [] as number[]]));
  for (let round = -warmUps; round < runs; round++)
    for (const [name, work] of contenders) {
      const began = performance.now();
      await work();
      if (round >= 0) took.get(name)?.push(performance.now() - began);
    }
  return new Map([...took].map(([name, all]) => [name, { ...spread(all), memory: 0, cpu: 0 }]));
}
