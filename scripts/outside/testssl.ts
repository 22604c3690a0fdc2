import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../src/lab/programs.ts';
import { fingerprintItem, portOf, suiteItem, type Opinion, type Place, type Remark, type Severity } from './opinion.ts';

/**
 * Everything that a run without options does, but for the simulation of clients, which judges nothing, and with each suite
 * asked for by version (-E) instead of once.
 */
const CHECKS = ['-p', '-s', '-f', '-P', '-S', '-U', '-E'];
const QUIET = ['--quiet', '--color', '0', '--warnings', 'off', '--nodns', 'none'];

interface Row {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

export async function testssl({ address, name, port, ca }: Place): Promise<Opinion> {
  const folder = await mkdtemp(join(tmpdir(), 'harden-mail-testssl-'));
  try {
    const file = join(folder, 'out.json');
    const rows = await scan(['--ip', address, '--add-ca', ca, '--jsonfile', file, ...command(name, port)], file);
    return { items: rows.flatMap(itemsIn), remarks: rows.flatMap(remarkIn) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function command(name: string, port: number, checks: readonly string[] = CHECKS): string[] {
  const { protocol, tls } = portOf(port);
  return [...QUIET, ...checks, ...(tls === 'starttls' ? ['-t', protocol] : []), `${name}:${port}`];
}

/** After everybody else: it takes minutes of a processor's time. */
async function scan(args: readonly string[], file: string): Promise<Row[]> {
  const { stdout, stderr } = await runProgram('nice', ['-n', '5', 'testssl', ...args]);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Row[];
  } catch {
    throw new Error(`testssl.sh told nothing: ${stdout.toString().slice(-1000)}${stderr.toString().slice(-1000)}`);
  }
}

const VERSIONS: Readonly<Record<string, string>> = {
  ...{ SSLv3: 'SSL 3.0', TLS1: 'TLS 1.0', TLS1_1: 'TLS 1.1', TLS1_2: 'TLS 1.2', TLS1_3: 'TLS 1.3' },
};

function itemsIn({ id, finding }: Row): string[] {
  const version = VERSIONS[id];
  if (version) return finding.startsWith('offered') ? [`version ${version}`] : [];
  const [, major, minor, code = ''] = /^cipher-(tls1|ssl3)(?:_(\d))?_x(\w+)$/.exec(id) ?? [];
  if (major) return [suiteItem(major === 'ssl3' ? 'SSLv3' : `TLSv1.${minor ?? '0'}`, parseInt(code, 16))];
  if (id === 'cert_fingerprintSHA256') return [fingerprintItem(finding)];
  const [, bits] = (id === 'cert_keySize' && /^RSA (\d+) bits/.exec(finding)) || [];
  if (bits) return [`key RSA ${bits}`];
  const [, digest] = (id === 'cert_signatureAlgorithm' && /^SHA(\d+) with RSA/.exec(finding)) || [];
  return digest ? [`signature sha${digest}WithRSAEncryption`] : [];
}

const REMARKS: readonly Severity[] = ['WARN', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'FATAL'];

function remarkIn({ id, severity, finding }: Row): Remark[] {
  const found = REMARKS.find((one) => one === severity);
  return found ? [{ severity: found, id, text: finding }] : [];
}
