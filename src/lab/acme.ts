/**
 * The outside world of the hosts: a name server and a certificate authority on the bridge, both from the makers of
 * Let's Encrypt (pebble-challtestsrv and Pebble).
 */

import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { must, start } from './programs.ts';

export interface Acme {
  /** The URL for certbot's --server. */
  readonly directory: string;
  /** Path of the PEM that vouches for the directory's own HTTPS. Every host trusts it already. */
  readonly caFile: string;
  /** The root that signs what Pebble issues, PEM. */
  root(): Promise<string>;
  /** Publishes an IPv4 address for a name, in place of what it had. */
  setA(name: string, address: string): Promise<void>;
  /** Publishes an IPv6 address for a name, in place of what it had; without an address none. */
  setAAAA(name: string, address?: string): Promise<void>;
}

/** Makes the key and certificate of the authority's own HTTPS end, in `folder`; gives the certificate's path. */
export async function certify(folder: string, address: string): Promise<string> {
  const [key, cert] = [join(folder, 'acme.key'), join(folder, 'acme.pem')];
  await must('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=harden-mail lab', '-addext', `subjectAltName=IP:${address}`, '-keyout', key, '-out', cert],
  ]);
  return cert;
}

/** Starts both servers on `address`; they end with us. */
export async function startAcme(folder: string, address: string, caFile: string): Promise<Acme> {
  const log = join(folder, 'acme.log');
  // No artificial delays, no artificial errors.
  const env = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' };
  const config = join(folder, 'pebble.json');
  const pebble = {
    ...{ listenAddress: `${address}:14000`, managementListenAddress: `${address}:15000` },
    ...{ certificate: caFile, privateKey: join(folder, 'acme.key'), httpPort: 80, tlsPort: 443 },
    ...{ ocspResponderURL: '', externalAccountBindingRequired: false },
  };
  await writeFile(config, JSON.stringify({ pebble }));
  // An unknown name has no address, rather than everybody's.
  const none = ['-defaultIPv4', '', '-defaultIPv6', '', '-http01', '', '-https01', '', '-tlsalpn01', ''];
  start(log, env, 'pebble-challtestsrv', '-dns01', `${address}:53`, '-management', `${address}:8055`, ...none);
  start(log, env, 'pebble', '-config', config, '-dnsserver', `${address}:53`);
  await Promise.all([53, 8055, 14000, 15000].map((port) => listening(address, port)));
  const ca = await readFile(caFile);
  const tell = async (path: string, body: object) => {
    const answer = await fetch(`http://${address}:8055${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`lab: the name server refused ${path}: ${answer.status}`);
  };
  return {
    directory: `https://${address}:14000/dir`,
    caFile,
    root: () => get(`https://${address}:15000/roots/0`, ca),
    async setA(name, to) {
      await tell('/clear-a', { host: `${name}.` });
      await tell('/add-a', { host: `${name}.`, addresses: [to] });
    },
    async setAAAA(name, to) {
      await tell('/clear-aaaa', { host: `${name}.` });
      if (to !== undefined) await tell('/add-aaaa', { host: `${name}.`, addresses: [to] });
    },
  };
}

/** Waits until something accepts connections. */
async function listening(address: string, port: number): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; await sleep(30)) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address, () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    if (Date.now() > deadline) throw new Error(`lab: nothing listens on ${address}:${port}`);
  }
}

function get(url: string, ca: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ca }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve(text) : reject(new Error(`${url}: ${answer.statusCode}`)),
      );
    });
    outgoing.on('error', reject).end();
  });
}
