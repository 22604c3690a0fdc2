/**
 * `npm run bench`: the figures of bench/README.md, each a ratio of medians from one interleaved run on lab hosts.
 * `npm run bench -- startup rtt apply fleet simulator hostile audit editors` runs some parts, HARDEN_MAIL_BENCH_RUNS and _RTTS set the number of runs and the round-trip
 * times; those alone replace their own rows of an earlier run. Only a run of all parts writes bench/README.md; it takes what build/bench/ has of an earlier one that did not come to its end (remove that folder
 * to measure all parts anew). Takes an hour on two processors.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lab } from '../src/lab/lab.ts';
import { prepareMachine } from '../src/lab/requirements.ts';
import { applyRows } from './apply.ts';
import { auditRows } from './audit.ts';
import { hardenMail, knownHosts, options, onOneHost, type Way } from './contenders.ts';
import { editorRows } from './editors.ts';
import { fleetRows } from './fleet.ts';
import { hostileRows } from './hostile.ts';
import { measure, type Table } from './measure.ts';
import { keep, kept, page, replace, type Result } from './results.ts';
import { simulatorRows } from './simulator/rows.ts';
import { figures, ratio, row, type Row } from './table.ts';
import { wire } from './wire.ts';

const RUNS = Number(process.env['HARDEN_MAIL_BENCH_RUNS'] ?? 10);
const RTTS = (process.env['HARDEN_MAIL_BENCH_RTTS'] ?? '0,50,200').split(',').map(Number);
const PARTS = ['startup', 'rtt', 'apply', 'fleet', 'simulator', 'hostile', 'audit', 'editors'] as const;
type Part = (typeof PARTS)[number];

const wanted = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'harden-mail-bench-'));
const results: Result[] = [];
const failures: string[] = [];
try {
  for (const part of PARTS) {
    if (wanted.length > 0 && !wanted.includes(part)) continue;
    const result = (wanted.length === 0 && kept(part)) || (await measured(part));
    if (!result) continue;
    results.push(result);
    console.log([`${part}, ${result.when.slice(0, 16)}`, ...result.rows, ''].join('\n'));
  }
  if (wanted.length === 0 && failures.length === 0) await writeFile('bench/README.md', page(results));
} finally {
  await rm(folder, { recursive: true });
  lab.close();
}
for (const failure of failures) console.error(failure);
process.exit(failures.length > 0 ? 1 : 0);

async function measured(part: Part): Promise<Result | null> {
  try {
    const result = { when: new Date().toISOString(), runs: RUNS, rows: await rowsOf(part) };
    if (process.env['HARDEN_MAIL_BENCH_RTTS']) replace(part, result);
    else keep(part, result);
    return result;
  } catch (error) {
    failures.push(`${part} failed: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

async function rowsOf(part: Part): Promise<Row[]> {
  if (part === 'startup') return startup();
  if (part === 'editors') return editorRows();
  if (part === 'hostile') return hostileRows(folder, RUNS);
  if (part === 'audit') return auditRows(RUNS);
  if (part === 'apply') return applyRows(folder, RUNS);
  await prepareMachine(part === 'rtt' ? ['ansible-core', 'ansible-mitogen'] : []);
  const way = await hardened();
  const rows = part === 'rtt' ? await rtts(way) : await (part === 'fleet' ? fleetRows : simulatorRows)(way, RUNS);
  await way.host.stop();
  return rows;
}

async function startup(): Promise<Row[]> {
  const empty = join(folder, 'empty.mjs');
  await writeFile(empty, '');
  const table = await measure(
    [
      { name: 'empty', command: [process.execPath, empty] },
      { name: '--version', command: hardenMail('--version') },
      { name: '--help', command: hardenMail('--help') },
    ],
    RUNS,
  );
  return ['--version', '--help'].map((flag) =>
    ratio(`\`${flag}\` / \`node\` on an empty file`, table, flag, 'empty', '≤ 1.15'),
  );
}

/** A host that harden-mail has hardened. */
async function hardened(): Promise<Way> {
  const host = await lab.host({ release: 'bookworm', mail: true });
  // Each check for deliveries takes one of Postfix's 100 tokens, which the queue manager gives back at the latest after five minutes; without one Postfix
  // waits a second. Here one Postfix stands for many hosts.
  await host.run('postconf -e in_flow_delay=0');
  const way = { host, address: host.address, acme: await lab.acme(), folder };
  const args = await options(way, host.identity, await knownHosts(way));
  await measure([{ name: 'first apply', command: hardenMail('apply', '--host', host.address, ...args) }], 0);
  return way;
}

/** The contenders at several round-trip times. */
async function rtts(way: Way): Promise<Row[]> {
  const rows: Row[] = [];
  const tables = new Map<number, Table>();
  for (const rtt of RTTS) {
    const line = rtt === 0 ? undefined : await wire(way.host, rtt);
    const table = await measure(await onOneHost({ ...way, ...(line && { address: line.address }) }), RUNS);
    await line?.cut();
    tables.set(rtt, table);
    const at = `RTT ${rtt === 0 ? '~0' : `${rtt} ms`}`;
    const most = rtt === 0 ? '≤ 1.2' : '≤ 0.85';
    const least = rtt === 0 ? '≥ 20' : rtt <= 50 ? '≥ 15' : '≥ 12';
    const warm = rtt === 0 ? '≤ 2.0' : rtt <= 50 ? '≤ 1.2' : '–';
    rows.push(
      ratio(`${at}: no-change run, verified / cold \`ssh host 'cat FILES'\``, table, 'no change', 'ssh cat', most),
      ratio(`${at}: dry run / cold \`ssh host 'cat FILES'\``, table, 'dry run', 'ssh cat', most),
      ratio(
        `${at}: no-change run / \`ssh\`, both over an open connection`,
        table,
        'over an open connection',
        'warm ssh cat',
        warm,
      ),
      ratio(`${at}: Ansible \`--check --diff\` / dry run`, table, 'Ansible', 'dry run', least),
      ratio(`${at}: Ansible with Mitogen / dry run`, table, 'Mitogen', 'dry run', '≥ 12'),
      ratio(`${at}: apply of two files, verified and confirmed / no-change run`, table, 'full apply', 'no change', '–'),
      fromQuestionToProof(at, rtt, table),
    );
  }
  const slope = (name: string): number => {
    const [near = 0, far = 0] = RTTS.slice(-2);
    const took = (rtt: number): number => figures(tables.get(rtt)!, name).median;
    return (took(far) - took(near)) / (far - near);
  };
  const slopes = [
    ['no change', '≤ 0.8'],
    ['full apply', '≤ 1.3'],
  ] as const;
  for (const [name, bar] of RTTS.length < 2 ? [] : slopes) {
    const [ours, theirs] = [slope(name), slope('ssh cat')];
    const of = `${ours.toFixed(1)} / ${theirs.toFixed(1)}`;
    rows.push(
      row(`round trips (slope): ${name}, verified / cold \`ssh host cat\``, (ours / theirs).toFixed(2), bar, of),
    );
  }
  const near = tables.get(0);
  const memory = near && figures(near, 'no change').memory;
  if (memory) rows.push(row('peak memory of a no-change run', `${Math.round(memory)} MB`, '< 120 MB'));
  const files = await written(way);
  rows.push(
    row('files written by a no-change run', String(files.length), '0', files.map((one) => `\`${one}\``).join(' ')),
  );
  return rows;
}

/** A dry run ends where an apply asks its question. */
function fromQuestionToProof(at: string, rtt: number, table: Table): Row {
  const took = figures(table, 'full apply').median - figures(table, 'dry run').median;
  const bar = rtt === 0 ? '≤ 1.0 s' : rtt <= 50 ? '≤ 2.2 s' : '–';
  return row(`${at}: the same apply, from the question to the proof`, `${(took / 1000).toFixed(2)} s`, bar);
}

/**
 * Files of configuration, programs or their state that are newer after a run with nothing to do. Postfix itself writes each
 * TLS session to smtpd_scache.db, those of harden-mail too.
 */
async function written(way: Way): Promise<string[]> {
  const args = await options(way, way.host.identity, await knownHosts(way));
  const apply = hardenMail('apply', '--host', way.address, ...args);
  await measure([{ name: 'settle', command: apply }], 0);
  await way.host.run('touch /run/before');
  await measure([{ name: 'no change', command: apply }], 0);
  const found = await way.host.run('find /etc /var/lib /usr -xdev -newer /run/before');
  return found.split('\n').filter(Boolean);
}
