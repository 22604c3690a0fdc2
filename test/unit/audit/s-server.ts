/** A real OpenSSL server (`openssl s_server`) on loopback, as the oracle: what it was told to speak is what must be found. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../../../src/audit/ask.ts';
import { Gate } from '../../../src/audit/port-gate.ts';
import { Limiter } from '../../../src/concurrency/limiter.ts';
import type { Dial } from '../../../src/verify/verify.ts';

export interface Server {
  readonly port: number;
  close(): void;
}

export const folder = mkdtempSync(join(tmpdir(), 'harden-mail-audit-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const made = new Set<string>();

/** Key and certificate of this kind, made once: arguments of s_server. */
export function pair(kind: 'rsa' | 'ecdsa' | 'rsa1024'): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(folder, `${kind}.pem`), join(folder, `${kind}.key`)];
  if (!made.has(kind)) {
    const how = {
      rsa: ['rsa:2048'],
      rsa1024: ['rsa:1024', '-sha1'],
      ecdsa: ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
    }[kind];
    const subject = ['-subj', '/CN=mx.example.test', '-addext', 'subjectAltName=DNS:mx.example.test'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-nodes', '-days', '90', '-newkey', ...how, ...subject, '-keyout', key, '-out', cert],
      { stdio: 'pipe' },
    );
    made.add(kind);
  }
  return { cert, key };
}

export async function sServer(...args: string[]): Promise<Server> {
  const port = await freePort();
  const child = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (const end = Date.now() + 5000; ; await sleep(20)) {
    if (child.exitCode !== null) throw new Error(`openssl s_server ${args.join(' ')}: ${said}`);
    if (await answers(port)) return { port, close: () => void child.kill() };
    if (Date.now() > end) throw new Error(`openssl s_server does not listen: ${said}`);
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const up = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return up;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Port 993, wherever it leads. */
export function targetOf(port: number, more: Partial<Target> = {}): Target {
  const dial: Dial = async (_, signal) => {
    const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true, signal });
    await once(socket, 'connect');
    return socket;
  };
  return {
    port: { port: 993, protocol: 'imap', tls: 'implicit' },
    dial,
    gate: new Gate(new Limiter(3), 10),
    servername: 'mx.example.test',
    timeout: 4000,
    signal: new AbortController().signal,
    ...more,
  };
}
