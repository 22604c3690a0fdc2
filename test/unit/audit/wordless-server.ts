/** In front of openssl s_server: refuses as Dovecot does, by hanging up without a word, and may be too busy once. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { Server } from './s-server.ts';

const ALERT = 21;

/** @param busyAt the number, from 0, of the connection that is hung up on whatever it asks */
export async function wordless(behind: number, busyAt = -1): Promise<Server> {
  let count = 0;
  const server = createServer((near) => {
    near.on('error', () => {});
    if (count++ === busyAt) return void near.once('data', () => near.end());
    const far = connect(behind, '127.0.0.1', () => near.pipe(far));
    far.on('error', () => near.destroy()).on('close', () => near.end());
    far.on('data', (chunk: Buffer) => (chunk[0] === ALERT ? near.end() : near.write(chunk)));
    near.on('close', () => far.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}
