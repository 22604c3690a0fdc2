/** Reads the folders of hosts. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { HOST, SESSION } from './schema.ts';
import type { Host, Session } from './schema.ts';

const HERE = fileURLToPath(new URL('../../hosts/', import.meta.url));

const PORTS = [
  ...[25, 465, 587].map((port) => [port, 'smtp'] as const),
  ...[143, 993].map((port) => [port, 'imap'] as const),
  ...[110, 995].map((port) => [port, 'pop3'] as const),
  [4190, 'sieve'] as const,
];
const IMPLICIT = [465, 993, 995];

/** The names of all hosts, sorted. */
export const hostNames = (): string[] =>
  readdirSync(HERE, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'lib')
    .map((entry) => entry.name)
    .sort();

/** A host with its sessions, after those that ask every port what it offers; throws where a file is not of the form. */
export function readHost(name: string): { readonly host: Host; readonly sessions: readonly Session[] } {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(HERE, name, file), 'utf8'));
  const host = HOST.parse(read('host.json'));
  const sessions = z.array(SESSION).parse(read('sessions.json'));
  const scans = PORTS.map(([port, protocol]) =>
    SESSION.parse({
      ...{ name: `offers ${port}`, kind: 'offers', port, protocol },
      ...{ tls: IMPLICIT.includes(port) ? 'implicit' : 'starttls', expect: host.ports[port] ?? 'closed' },
      ...(host.proxied.includes(port) && { proxy: '198.18.200.9' }),
    }),
  );
  return { host, sessions: [...scans, ...sessions] };
}
