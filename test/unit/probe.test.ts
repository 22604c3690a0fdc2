import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beginProbe, tcp } from '../../src/probe.ts';

describe('probes that nobody waits for any more', () => {
  it('a connection that was given up before it was begun is not made', async () => {
    let calls = 0;
    const server = createServer((socket) => {
      calls += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await assert.rejects(tcp('127.0.0.1', port, AbortSignal.abort(new Error('given up'))), /given up/);
    await sleep(50);
    assert.equal(calls, 0);
    server.close();
  });

  it('where SSH fails, abandoning them is the end of it', async () => {
    const failed = Promise.reject(new Error('refused'));
    failed.catch(() => {});
    const host = { name: 'mx', hostname: 'mx.example.test' };
    beginProbe({ address: failed, remote: failed }, host, { trust: [] }).abandon();
    await sleep(10); // an unhandled rejection would fail this test
  });
});
