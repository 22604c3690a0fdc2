/** Round trips of a login, on a line that delays each direction, to a server inside the test. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'ssh2';
import { connect } from '../../../src/connect/connect.ts';
import { slowLine } from '../../support/slow-line.ts';
import { startServer } from '../../support/ssh-server.ts';

/** Milliseconds there and back: far more than the computing takes, even on a loaded machine. */
const ROUND_TRIP = 600;

/** What the server was asked for, in order. */
async function loginOver(isAccepted = true, requests: string[] = [], known = (line: string) => line, ident = 'other') {
  const server = await startServer({
    config: { ident, debug: (line) => void (/Inbound: .*(IGNORE|CHANNEL_OPEN)/.test(line) && requests.push(line)) },
    connection: (client: Connection) =>
      client.on('authentication', (attempt) => {
        requests.push(
          attempt.method === 'publickey' ? `key ${attempt.signature ? 'signed' : 'asked for'}` : attempt.method,
        );
        if (isAccepted && attempt.method === 'publickey') attempt.accept();
        else attempt.reject(['publickey']);
      }),
  });
  const line = await slowLine('127.0.0.1', server.port, ROUND_TRIP);
  const began = performance.now();
  try {
    const host = server.host({ port: line.port });
    const trusted = `[127.0.0.1]:${line.port}`;
    writeFileSync(server.knownHosts, known(readFileSync(server.knownHosts, 'utf8').replace(/^\S+/, trusted)));
    const remote = await connect(host, {
      acceptNewHostKeys: false,
      knownHosts: [server.knownHosts],
      sshConfig: 'none',
    });
    const took = (performance.now() - began) / ROUND_TRIP;
    const ending = performance.now();
    await remote.close();
    return { requests, took, closed: (performance.now() - ending) / ROUND_TRIP };
  } finally {
    line.stop();
    await server.stop();
  }
}

describe('connect: round trips', () => {
  it('a login by an open key takes four where the server tells its algorithms with the login service, and the end none', async () => {
    const { requests, took, closed } = await loginOver();
    assert.deepEqual(requests, ['key signed']);
    assert.ok(took >= 3.9 && took < 5, `${took}`);
    assert.ok(closed < 0.5, `${closed}`);
  });

  for (const [ident, isEarly] of [
    ['OpenSSH_9.2p1', true],
    ['dropbear_2022.83', false],
  ] as const)
    it(`the first channel is requested ${isEarly ? 'with' : 'after'} the login where the server is ${ident}`, async () => {
      const { requests } = await loginOver(true, [], undefined, ident);
      const asked = requests
        .filter((line) => !line.includes('IGNORE'))
        .map((line) => line.replace(/.*(CHANNEL_OPEN).*/, '$1'));
      assert.deepEqual(asked, isEarly ? ['key signed', 'CHANNEL_OPEN'] : ['key signed']);
    });

  it('what the server says is acknowledged at once where nothing else is to be said', async () => {
    const requests: string[] = [];
    const server = await startServer({
      config: { debug: (line) => void (line.includes('IGNORE') && requests.push(line)) },
    });
    const options = { acceptNewHostKeys: false, knownHosts: [server.knownHosts], sshConfig: 'none' };
    const remote = await connect(server.host(), options);
    while (requests.length === 0) await sleep(10);
    await remote.run('true', { name: 'test', intent: 'read' }).catch(() => {});
    const before = requests.length;
    await remote.run('true', { name: 'test', intent: 'read' }).catch(() => {});
    await remote.close();
    await server.stop();
    assert.equal(requests.length, before);
  });

  it('no login is requested from a server whose host key is unknown', async () => {
    const requests: string[] = [];
    await assert.rejects(
      loginOver(true, requests, () => ''),
      { code: 'HOST_KEY_UNKNOWN' },
    );
    assert.deepEqual(requests, []);
  });

  it('a key that the server refuses is an error with the key, as without a signature', async () => {
    await assert.rejects(loginOver(false), {
      code: 'AUTH_FAILED',
      message: /tried key .*user; the host accepts publickey/,
    });
  });
});
