/** What Debian's testssl.sh, sslscan and nmap see of a port, in one shape: suites by number, per version. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SUITES } from '../../src/tls/suites.ts';
import { AUDIT_PORTS } from '../../src/audit/ports.ts';
import { run } from '../../test/lab/sh.ts';

/** `TLS 1.2 c02f`, … ; and `key RSA 2048`, `signature …` where the tool tells. */
export type Opinion = ReadonlySet<string>;

export interface Place {
  readonly address: string;
  readonly name: string;
  readonly port: number;
}

const portOf = (port: number): { protocol: string; tls: string } => {
  const found = AUDIT_PORTS.find((one) => one.port === port);
  if (!found) throw new Error(`no port of mail: ${port}`);
  return found;
};

const item = (version: string, id: number): string =>
  `${version
    .replace(/^SSLv3$/, 'SSL 3.0')
    .replace(/^TLSv1$/, 'TLSv1.0')
    .replace('TLSv', 'TLS ')} ${id.toString(16).padStart(4, '0')}`;

async function sslscan({ address, name, port }: Place): Promise<Opinion> {
  const { protocol, tls } = portOf(port);
  const start = tls === 'starttls' ? [`--starttls-${protocol}`] : [];
  const { stdout } = await run('sslscan', [
    '--xml=-',
    '--no-colour',
    ...start,
    `--sni-name=${name}`,
    `${address}:${port}`,
  ]);
  const xml = stdout.toString();
  const seen = new Set<string>();
  for (const [, version = '', id = ''] of xml.matchAll(
    /<cipher status="\w+" sslversion="([^"]+)"[^>]* id="0x([0-9A-Fa-f]+)"/g,
  ))
    seen.add(item(version, parseInt(id, 16)));
  const signature = /<signature-algorithm>([^<]+)/.exec(xml)?.[1];
  const bits = /<pk error="false" type="RSA" bits="(\d+)"/.exec(xml)?.[1];
  if (signature) seen.add(`signature ${signature.trim()}`);
  if (bits) seen.add(`key RSA ${bits}`);
  return seen;
}

async function nmap({ address, port }: Place): Promise<Opinion> {
  const { stdout } = await run('nmap', [
    '-Pn',
    '-n',
    '-p',
    String(port),
    '--script',
    'ssl-enum-ciphers',
    '-oX',
    '-',
    address,
  ]);
  const seen = new Set<string>();
  const xml = stdout.toString();
  const heads = [...xml.matchAll(/<table key="((?:SSLv3|TLSv1\.\d))">/g)];
  for (const [index, head] of heads.entries()) {
    const part = xml.slice(head.index, heads[index + 1]?.index);
    for (const [, name = ''] of part.matchAll(/<elem key="name">([^<]+)<\/elem>/g)) {
      const iana = name.replace(/^TLS_AKE_WITH_/, 'TLS_');
      const suite = SUITES.find((one) => one.name === iana);
      seen.add(suite ? item(head[1] ?? '', suite.id) : `${head[1]} ${name}`);
    }
  }
  return seen;
}

async function testssl({ address, port }: Place): Promise<Opinion> {
  const { protocol, tls } = portOf(port);
  const folder = await mkdtemp(join(tmpdir(), 'harden-mail-testssl-'));
  try {
    const file = join(folder, 'out.json');
    const start = tls === 'starttls' ? ['--starttls', protocol] : [];
    const how = ['--quiet', '--color', '0', '--warnings', 'off', '--nodns', 'none', '-E', '--jsonfile', file];
    await run('testssl', [...how, ...start, `${address}:${port}`]);
    const seen = new Set<string>();
    const rows = JSON.parse(await readFile(file, 'utf8')) as { id: string }[];
    for (const { id } of rows) {
      const [, major, minor, code = ''] = /^cipher-(tls1|ssl3)(?:_(\d))?_x(\w+)$/.exec(id) ?? [];
      if (major) seen.add(item(major === 'ssl3' ? 'SSLv3' : `TLSv1.${minor ?? '0'}`, parseInt(code, 16)));
    }
    return seen;
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const OPINIONS: Readonly<Record<string, (place: Place) => Promise<Opinion>>> = { sslscan, nmap, testssl };
