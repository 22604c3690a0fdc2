/** `npm run bench`: the figures of bench/README.md, each a ratio of medians from one interleaved run on a lab host. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { lab } from '../test/lab/lab.ts';
import { editorRows } from './editors.ts';
import { measure, type Figures } from './measure.ts';

const RUNS = Number(process.env['HARDEN_MAIL_BENCH_RUNS'] ?? 10);
const BIN = 'bin/harden-mail.js';
const FILES = [
  '/etc/postfix/main.cf',
  '/etc/postfix/master.cf',
  '/etc/dovecot/dovecot.conf',
  '/etc/dovecot/conf.d/*.conf',
];

const folder = await mkdtemp(join(tmpdir(), 'harden-mail-bench-'));
const rows: string[] = [];
try {
  const empty = join(folder, 'empty.mjs');
  await writeFile(empty, '');
  const start = await measure(
    [
      { name: 'node on an empty file', command: [process.execPath, empty] },
      { name: '--version', command: [process.execPath, BIN, '--version'] },
      { name: '--help', command: [process.execPath, BIN, '--help'] },
    ],
    RUNS,
  );
  row('`--version` / `node` on an empty file', start, '--version', 'node on an empty file', '≤ 1.3');
  row('`--help` / `node` on an empty file', start, '--help', 'node on an empty file', '–');

  const host = await lab.host({ release: 'bookworm', mail: true });
  const acme = await lab.acme();
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, await acme.root());
  const ssh = ['--user', 'root', '--identity', host.identity, '--known-hosts', host.knownHosts, '--ssh-config', 'none'];
  const apply = [
    process.execPath,
    BIN,
    'apply',
    '--host',
    host.address,
    ...ssh,
    '--yes',
    '--acme-server',
    acme.directory,
    '--ca',
    ca,
  ];
  await measure([{ name: 'first apply', command: apply }], 0);
  const cat = [
    ...['ssh', '-F', 'none', '-i', host.identity, '-o', `UserKnownHostsFile=${host.knownHosts}`, '-o', 'BatchMode=yes'],
    ...[`root@${host.address}`, `cat ${FILES.join(' ')}`],
  ];
  const same = await measure(
    [
      { name: 'ssh cat', command: cat },
      { name: 'no change', command: apply, env: { NODE_OPTIONS: `--require=${join(process.cwd(), 'bench/rss.cjs')}` } },
      { name: 'dry run', command: [...apply, '--dry-run'] },
    ],
    RUNS,
  );
  row("no-change run, verified / cold `ssh host 'cat FILES'`", same, 'no change', 'ssh cat', '< 2.5');
  row("dry run / cold `ssh host 'cat FILES'`", same, 'dry run', 'ssh cat', '–');
  rows.push(`| peak memory of a no-change run | ${Math.round(same.get('no change')?.memory ?? 0)} MB | < 120 MB | |`);

  rows.push(...editorRows());
} finally {
  await rm(folder, { recursive: true });
  lab.close();
}

const page = [
  '# Benchmarks',
  '',
  'Made by `npm run bench`. Each ratio is of medians over interleaved runs of whole processes (A B C A B C …), on a lab host at RTT ~0.',
  '',
  `${new Date().toISOString().slice(0, 10)} · ${RUNS} runs each · Node ${process.version} · ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'CPU'}`,
  '',
  '| figure | measured | bar | medians (min–max) |',
  '| --- | --- | --- | --- |',
  ...rows,
  '',
].join('\n');
await writeFile('bench/README.md', page);
console.log(page);
process.exit(0);

function row(figure: string, all: Map<string, Figures>, a: string, b: string, bar: string): void {
  const [left, right] = [all.get(a), all.get(b)];
  if (!left || !right) throw new Error(`no figures for ${a} or ${b}`);
  const text = ({ median, min, max }: Figures): string =>
    `${Math.round(median)} ms (${Math.round(min)}–${Math.round(max)})`;
  rows.push(`| ${figure} | ${(left.median / right.median).toFixed(2)} | ${bar} | ${text(left)} / ${text(right)} |`);
}
