/** A man in the middle of a connection, who sees and changes what is sent before there are keys. */
import assert from 'node:assert/strict';
import { connect as dial, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../../src/connect/connect.ts';
import { startServer } from '../../support/ssh-server.ts';
import type { TestServer } from '../../support/ssh-server.ts';

/** Ciphers that can be cut at the start of a session where strict key exchange is missing (Terrapin). */
const CUTTABLE = /chacha20-poly1305|-cbc/;

type Change = (bytes: Buffer) => Buffer;
const replacing =
  (what: string, by: string): Change =>
  (bytes) =>
    Buffer.from(bytes.toString('latin1').replaceAll(what, by.padEnd(what.length, 'x')), 'latin1');

describe('connect: a man in the middle', function () {
  this.timeout(15_000);
  let server: TestServer;
  let middle: Server;
  const sockets = new Set<Socket>();
  let toServer: Change;
  let toClient: Change;
  const seen = { client: '', server: '' };

  before(async () => {
    server = await startServer({});
    middle = createServer((client) => {
      const onward = dial(server.port, '127.0.0.1');
      for (const socket of [client, onward]) sockets.add(socket.on('error', () => {}));
      client.on('data', (bytes: Buffer) => {
        seen.client += bytes.toString('latin1');
        onward.write(toServer(bytes));
      });
      onward.on('data', (bytes: Buffer) => {
        seen.server += bytes.toString('latin1');
        client.write(toClient(bytes));
      });
      client.on('close', () => onward.destroy());
      onward.on('close', () => client.destroy());
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => middle.once('listening', resolve));
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    middle?.close();
    await server?.stop();
  });

  async function through(change: { toServer?: Change; toClient?: Change }): Promise<string[]> {
    [toServer, toClient] = [change.toServer ?? ((bytes) => bytes), change.toClient ?? ((bytes) => bytes)];
    [seen.client, seen.server] = ['', ''];
    const { port } = middle.address() as AddressInfo;
    const knownHosts = join(server.folder, 'by-the-middle');
    writeFileSync(knownHosts, readFileSync(server.knownHosts, 'utf8').replace(`:${server.port} `, `:${port} `));
    const lines: string[] = [];
    const options = { acceptNewHostKeys: false, knownHosts: [knownHosts], sshConfig: 'none', connectTimeout: 3 };
    const remote = await connect(server.host({ port }), { ...options, debug: (line) => lines.push(line) });
    await remote.close();
    return lines;
  }

  it('both sides use strict key exchange when an attacker only listens', async () => {
    const lines = await through({});
    assert.match(seen.client, /kex-strict-c-v00@openssh\.com/);
    assert.match(seen.server, /kex-strict-s-v00@openssh\.com/);
    assert.match(lines.join('\n'), /cipher: aes128-gcm@openssh\.com/i);
  });

  it('the client offers no cipher that the Terrapin attack can cut', async () => {
    await through({});
    assert.match(seen.client, /aes128-gcm@openssh\.com/);
    assert.doesNotMatch(seen.client, CUTTABLE);
  });

  const changes: [what: string, change: { toServer?: Change; toClient?: Change }][] = [
    [
      'strips strict key exchange from what the server sends',
      { toClient: replacing('kex-strict-s-v00@openssh.com', 'kex-loose') },
    ],
    [
      'strips strict key exchange from what the client sends',
      { toServer: replacing('kex-strict-c-v00@openssh.com', 'kex-loose') },
    ],
    [
      'strips strict key exchange from both sides',
      {
        toClient: replacing('kex-strict-s-v00@openssh.com', 'kex-loose'),
        toServer: replacing('kex-strict-c-v00@openssh.com', 'kex-loose'),
      },
    ],
    ['removes the good ciphers', { toClient: replacing('aes128-gcm@openssh.com', 'none') }],
    [
      'replaces the good ciphers by ChaCha20',
      { toServer: replacing('aes128-gcm@openssh.com', 'chacha20-poly1305@ope') },
    ],
  ];
  for (const [what, change] of changes) {
    it(`no connection comes about when an attacker ${what}`, () =>
      assert.rejects(through(change), { code: 'CONNECTION_LOST', message: /^127\.0\.0\.1:\d+: / }));
  }
});
