/**
 * A mock: an ACME server (RFC 8555) that takes every account, and answers every order with Let's Encrypt's rate limit, which
 * Pebble does not have. It checks no signature.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { Acme } from '../../src/lab/lab.ts';

export interface RateLimited {
  readonly directory: string;
  /** Orders that were refused. */
  readonly orders: () => number;
  close(): void;
}

/** Listens beside the lab's authority, with its HTTPS key. */
export async function rateLimited({ directory, caFile }: Acme, detail: string): Promise<RateLimited> {
  const { hostname } = new URL(directory);
  const [cert, key] = await Promise.all([readFile(caFile), readFile(join(dirname(caFile), 'acme.key'))]);
  let orders = 0;
  const server = createServer({ cert, key }, (request, response) => {
    const base = `https://${hostname}:${(server.address() as AddressInfo).port}`;
    const say = (status: number, body: object, headers = {}) => {
      const type = status < 400 ? 'application/json' : 'application/problem+json';
      response.writeHead(status, {
        'Content-Type': type,
        'Replay-Nonce': randomBytes(16).toString('base64url'),
        ...headers,
      });
      response.end(JSON.stringify(body));
    };
    request.resume().on('end', () => {
      if (request.url === '/dir')
        return say(200, {
          newNonce: `${base}/nonce`,
          newAccount: `${base}/account`,
          newOrder: `${base}/order`,
          revokeCert: `${base}/revoke`,
          keyChange: `${base}/key`,
        });
      if (request.url === '/account') return say(201, { status: 'valid' }, { Location: `${base}/account/1` });
      if (request.url !== '/order') return say(200, {});
      orders++;
      return say(429, { type: 'urn:ietf:params:acme:error:rateLimited', detail, status: 429 });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
  const { port } = server.address() as AddressInfo;
  return { directory: `https://${hostname}:${port}/dir`, orders: () => orders, close: () => void server.close() };
}
