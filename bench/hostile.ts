/**
 * The time of a good host in a run, alone and beside a host that attacks. Each server is a process of its own, as hosts are: an attack
 * takes its own CPU time here too, so a machine with as many processors as processes shows what the controller adds.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hardenMail } from './contenders.ts';
import { measure, spread } from './measure.ts';
import { ratio, type Row } from './table.ts';

const ATTACKS = {
  heavy: 'whose files take long to plan',
  stars: 'with a pattern of 2,000 stars',
  braces: 'with 26 pairs of braces',
  macros: 'whose values repeat values',
  word: 'with one word of 200 kB',
  stdout: 'that floods standard output',
  stderr: 'that floods standard error',
} as const;

/** The good host, and another good one. */
const KINDS = ['good', 'other', ...Object.keys(ATTACKS)];

interface Served {
  readonly port: number;
  readonly identity: string;
  /** Its line of known_hosts. */
  readonly known: string;
  readonly process: ChildProcess;
}

export async function hostileRows(folder: string, runs: number): Promise<Row[]> {
  const served = new Map<string, Served>();
  for (const kind of KINDS) served.set(kind, await serve(kind));
  const known = join(folder, 'hostile.keys');
  const inventory = join(folder, 'hostile.json');
  await writeFile(known, [...served.values()].map((one) => one.known).join(''));

  // A run that comes to its end keeps V8's code for the later ones, which are ended.
  await writeFile(inventory, JSON.stringify({ hosts: { good: entry(served.get('good')!) } }));
  await measure([{ name: 'whole', command: dryRun(inventory, known) }], 0);

  const took = new Map<string, number[]>();
  for (let round = 0; round <= runs; round++) {
    for (const beside of KINDS) {
      // "good" stands for the good host alone.
      const hosts = Object.fromEntries([...new Set([beside, 'good'])].map((kind) => [kind, entry(served.get(kind)!)]));
      await writeFile(inventory, JSON.stringify({ hosts }));
      const milliseconds = await goodEnds(inventory, known);
      if (round > 0) took.set(beside, [...(took.get(beside) ?? []), milliseconds]);
    }
  }
  for (const { process: server } of served.values()) server.kill();
  const table = new Map([...took].map(([kind, all]) => [kind, { ...spread(all), memory: 0, cpu: 0 }]));
  return [
    ratio('a good host beside another good one / alone', table, 'other', 'good', '–'),
    ...Object.entries(ATTACKS).map(([kind, what]) =>
      ratio(`a good host beside one ${what} / alone`, table, kind, 'good', '≤ 1.2'),
    ),
  ];
}

async function serve(kind: string): Promise<Served> {
  const args = [...process.execArgv, 'bench/hostile-server.ts', kind];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { ...(JSON.parse(line.toString()) as Omit<Served, 'process'>), process: child };
}

const entry = ({ port, identity }: Served): object => ({
  hostname: '127.0.0.1',
  port,
  user: 'root',
  identity,
  domain: 'mx1.example.test',
});

const dryRun = (inventory: string, known: string): string[] => [
  ...hardenMail('apply', '--dry-run', '--no-diff', '--progress', '--inventory', inventory),
  ...['--known-hosts', known, '--ssh-config', 'none'],
];

/** Milliseconds until the run tells that the good host is done, or ends with its plan. It is ended then, because a bad host may take 20 s. */
function goodEnds(inventory: string, known: string): Promise<number> {
  const [program = '', ...args] = dryRun(inventory, known);
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let planned = '';
    child.stdout.on('data', (chunk: Buffer) => (planned += chunk.toString()));
    let said = '';
    let ended = 0;
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (ended > 0 || !/good: done/.test(said)) return;
      ended = performance.now() - began;
      setTimeout(() => child.kill('SIGKILL'), 50);
    });
    child.once('error', reject);
    child.once('close', () => {
      if (ended > 0 || planned.includes('Plan: ')) resolve(ended || performance.now() - began);
      else reject(new Error(planned + said));
    });
  });
}
