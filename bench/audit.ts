/** The audit of one host after strict: all ports side by side against the slowest alone, and testssl.sh against us. */
import { loadavg } from 'node:os';
import { AUDIT_PORTS } from '../src/verify/mail-ports.ts';
import { make } from '../scripts/outside/hosts.ts';
import { ours } from '../scripts/outside/ours.ts';
import { command } from '../scripts/outside/testssl.ts';
import { prepareMachine } from '../src/lab/requirements.ts';
import { must, runProgram } from '../src/lab/programs.ts';
import { spread, type Figures } from './measure.ts';
import { figures, ratio, row, type Row } from './table.ts';
import { wire } from './wire.ts';

const PORTS = AUDIT_PORTS.map(({ port }) => port);
/** One of each daemon: testssl.sh takes minutes for a port. */
const FEW = [25, 993];
/** Milliseconds of a round trip. */
const FAR = 50;

export async function auditRows(runs: number): Promise<Row[]> {
  await prepareMachine(['testssl.sh', 'sslscan']);
  const { host, ca } = await make('bookworm', 'strict');
  const { address, name } = host;
  const ask =
    (ports: readonly number[], at = address) =>
    () =>
      ours(at, name, ports);
  const contenders = (at: string): Map<string, () => Promise<unknown>> =>
    new Map([...PORTS.map((port) => [`${port}`, ask([port], at)] as const), ['all', ask(PORTS, at)]]);
  const table = await interleaved(new Map([...contenders(address), ['few', ask(FEW)]]), runs);
  // A host of one's own is not on the same two processors, but some way off.
  const line = await wire(host, FAR);
  const far = await interleaved(contenders(line.address), Math.ceil(runs / 2));
  await line.cut();
  // As it is without options, port after port, once: it takes minutes.
  const testssl = async (): Promise<void> => {
    for (const port of FEW) await runProgram('testssl', ['--ip', address, '--add-ca', ca, ...command(name, port, [])]);
  };
  const theirs = await interleaved(new Map([['testssl.sh', testssl]]), 1, 0);
  // Not side by side, as it has no way to do that. It tries fewer things than either of us.
  const sslscan = async (): Promise<void> => {
    for (const port of FEW)
      await must('sslscan', [...(port === 25 ? ['--starttls-smtp'] : []), `--sni-name=${name}`, `${address}:${port}`]);
  };
  const quick = await interleaved(
    new Map<string, () => Promise<unknown>>([
      ['sslscan', sslscan],
      ['few', ask(FEW)],
    ]),
    runs,
  );
  const connections = (await ours(address, name, PORTS)).map((seen) => `${seen.port}: ${seen.connections}`);
  await host.stop();

  const sideBySide = (of: ReadonlyMap<string, Figures>, where: string): Row => {
    const slowest = PORTS.map(String).reduce((a, b) => (figures(of, a).median > figures(of, b).median ? a : b));
    const title = `audit, ${where}: all seven ports side by side / the slowest of them alone (${slowest})`;
    return ratio(title, of, 'all', slowest, '≤ 3');
  };
  const both = new Map([...table, ...theirs]);
  return [
    sideBySide(table, 'RTT ~0, the host on the same processors'),
    sideBySide(far, `RTT ${FAR} ms`),
    ratio(`audit: testssl.sh / ours, both on ${FEW.join(' and ')}`, both, 'testssl.sh', 'few', '≥ 10'),
    ratio(`audit: sslscan / ours, both on ${FEW.join(' and ')}`, quick, 'sslscan', 'few', '–'),
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
