/** A first apply on a stock host, certificate included, and clients that connect during an apply. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../src/lab/lab.ts';
import { hardenMail, knownHosts, options, spoil, type Way } from './contenders.ts';
import { measure, spread } from './measure.ts';
import { row, type Row } from './table.ts';

/**
 * Connections a second to each port. Dovecot starts a process for each client, so at 200 a second two processors keep half of them waiting for
 * more than a second, without any apply.
 */
const RATES = new Map([[25, 200], [465, 200], ...[110, 143, 993, 995].map((port) => [port, 20] as const)]);
/** Hosts that are hardened for the first time. */
const FIRST = 3;

export async function applyRows(folder: string, runs: number): Promise<Row[]> {
  const took: number[] = [];
  const rows: Row[] = [];
  for (let n = 0; n < FIRST; n++) {
    const host = await lab.host({ release: 'bookworm', mail: true });
    const way = { host, address: host.address, acme: await lab.acme(), folder };
    const command = hardenMail(
      'apply',
      '--host',
      host.address,
      ...(await options(way, host.identity, await knownHosts(way))),
    );
    const began = performance.now();
    await measure([{ name: 'first apply', command }], 0);
    took.push(performance.now() - began);
    if (n === FIRST - 1) rows.push(await connects(way, command, runs));
    await host.stop();
  }
  const { median, min, max } = spread(took);
  const times = `${FIRST} hosts, ${(min / 1000).toFixed(1)}–${(max / 1000).toFixed(1)} s`;
  return [
    row('a full apply from stock, certificate included', `${(median / 1000).toFixed(1)} s`, '≤ 4 s', times),
    ...rows,
  ];
}

/**
 * Clients that only connect, during applies of two files: what counts is whether somebody still accepts. Beside it as long without an apply,
 * and during as many reloads of Postfix by hand, which is the least that a change of main.cf needs.
 */
async function connects({ host }: Way, command: readonly string[], runs: number): Promise<Row> {
  const applies = async () => {
    await spoil(host);
    await measure([{ name: 'apply', command }], 0);
  };
  const reloads = async (each: number) => {
    await host.run('postfix reload');
    await sleep(each);
  };
  const during = await whileConnecting(host.address, () => repeated(runs, applies));
  const byHand = await whileConnecting(host.address, () =>
    repeated(runs, () => reloads((during.seconds * 1000) / runs)),
  );
  const without = await whileConnecting(host.address, () => sleep(during.seconds * 1000));
  const told = ({ connections, refused, slow }: Connected): string => `${refused} and ${slow} of ${connections}`;
  const rates = [...RATES].map(([port, rate]) => `${port}: ${rate}`).join(', ');
  const what = `${runs} applies; ${runs} times \`postfix reload\` instead: ${told(byHand)}; neither: ${told(without)}; connections a second: ${rates}`;
  return row('connections refused, and slower than 1 s, during an apply', told(during), '0 and 0', what);
}

async function repeated(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < times; n++) await work();
}

interface Connected {
  readonly connections: number;
  readonly refused: number;
  readonly slow: number;
  readonly seconds: number;
}

async function whileConnecting(address: string, work: () => Promise<unknown>): Promise<Connected> {
  let isOver = false;
  const all: Promise<number | null>[] = [];
  const start = performance.now();
  const clients = [...RATES].map(async ([port, rate]) => {
    for (let n = 0; !isOver; n++) {
      all.push(once(address, port));
      await sleep(Math.max(0, start + ((n + 1) * 1000) / rate - performance.now()));
    }
  });
  await work();
  isOver = true;
  await Promise.all(clients);
  const seconds = (performance.now() - start) / 1000;
  const ended = await Promise.all(all);
  const refused = ended.filter((one) => one === null).length;
  const slow = ended.filter((one) => one !== null && one > 1000).length;
  return { connections: ended.length, refused, slow, seconds };
}

/** Milliseconds until the connection is there; null if it is refused. */
function once(address: string, port: number): Promise<number | null> {
  const began = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (took: number | null): void => {
      socket.destroy();
      resolve(took);
    };
    socket.once('connect', () => end(performance.now() - began)).once('error', () => end(null));
    socket.setTimeout(10_000, () => end(Infinity));
  });
}
