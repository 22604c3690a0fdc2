/**
 * `npm run audit:outside`: our audit beside Debian's testssl.sh, sslscan and nmap, on a stock host, on one after each
 * profile, and on hosts that are weak on purpose; prints a table with every suite on which they differ. A name
 * that is no weak host is a profile.
 *
 *     npm run audit:outside -- --hosts stock,old-tls --ports 25,993 --tools sslscan,nmap
 */
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { audit } from '../src/audit/audit.ts';
import type { PortAudit } from '../src/model.ts';
import { SUITES } from '../src/tls/suites.ts';
import { lab, type LabHost } from '../test/lab/lab.ts';
import { must } from '../test/lab/sh.ts';
import { hardenMail, issuedBy, to } from '../test/e2e/cli.ts';
import { OPINIONS } from './outside/opinions.ts';
import { KEPT, PUT_BACK, WEAK } from './outside/weak.ts';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: ['stock', 'standard', ...Object.keys(WEAK)].join(',') },
    ports: { type: 'string', default: '25,110,143,465,587,993,995' },
    tools: { type: 'string', default: Object.keys(OPINIONS).join(',') },
  },
});
const ports = values.ports.split(',').map(Number);
await must('apt-get', ['-q', '-y', '--no-install-recommends', 'install', 'testssl.sh', 'sslscan', 'nmap'], {
  env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
});

const host = await lab.host({ mail: true });
await host.run(KEPT);
console.log('| host | port | tool | suites: ours | theirs | they differ on |\n| --- | --- | --- | --- | --- | --- |');
let differences = 0;
for (const kind of values.hosts.split(',')) {
  await become(host, kind);
  const seen = await look(host, ports);
  for (const port of seen.filter(({ answers }) => answers)) await compare(kind, host, port);
}
console.log(`\n${differences} differences`);
lab.close();
process.exit(differences === 0 ? 0 : 1);

async function become(on: LabHost, kind: string): Promise<void> {
  await on.run(PUT_BACK);
  if (kind === 'stock') return;
  if (kind in WEAK) return void (await on.run(WEAK[kind] ?? ''));
  const flags = [...to(on), ...(await issuedBy(await lab.acme()))];
  const { code, stderr } = await hardenMail(['apply', '--yes', '--no-diff', '--profile', kind, ...flags]);
  if (code !== 0) throw new Error(`apply --profile ${kind} ended with ${code}: ${stderr}`);
}

async function look({ address, name }: LabHost, wanted: readonly number[]): Promise<readonly PortAudit[]> {
  const dial = (port: number, signal: AbortSignal): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: address, port, signal, noDelay: true });
      socket.once('connect', () => resolve(socket.off('error', reject))).once('error', reject);
    });
  const began = performance.now();
  const { ports: seen } = await audit({ dial, domain: name, signal: new AbortController().signal, ports: wanted });
  const slowest = Math.max(...seen.map(({ seconds }) => seconds));
  console.error(
    `our audit of ${wanted.join(', ')}: ${((performance.now() - began) / 1000).toFixed(1)} s, slowest ${slowest} s`,
  );
  return seen;
}

async function compare(kind: string, { address, name }: LabHost, port: PortAudit): Promise<void> {
  const id = new Map(SUITES.map((suite) => [suite.name, suite.id]));
  const ours = new Set(
    port.versions.flatMap(({ version, suites }) =>
      suites.map((suite) => `${version} ${(id.get(suite) ?? 0).toString(16).padStart(4, '0')}`),
    ),
  );
  const [leaf] = port.chains[0] ?? [];
  for (const tool of values.tools.split(',')) {
    const began = performance.now();
    const opinion = (await OPINIONS[tool]?.({ address, name, port: port.port })) ?? new Set<string>();
    const told = new Set([...ours, ...(leaf ? [`key ${leaf.key}`, `signature ${leaf.signature}`] : [])]);
    const isSuite = (one: string): boolean => /^(TLS|SSL)/.test(one);
    const missing = [...ours].filter((one) => !opinion.has(one)).map((one) => `only ours: ${one}`);
    const extra = [...opinion].filter((one) => !told.has(one)).map((one) => `only theirs: ${one}`);
    differences += missing.length + extra.length;
    const differ = [...missing, ...extra];
    const count = [...opinion].filter(isSuite).length;
    console.log(`| ${kind} | ${port.port} | ${tool} | ${ours.size} | ${count} | ${differ.join('; ') || '–'} |`);
    console.error(`${tool} on ${port.port}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
}
