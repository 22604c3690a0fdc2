import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProber } from '../../../src/rehearse/prober.ts';

/** Greets while `says` is not empty; accepts connections all the time. */
async function listening(says: { text: string }): Promise<Server> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    if (says.text !== '') socket.write(says.text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('rehearse: outages', () => {
  it('a server that accepts connections and greets nobody any more is out', async function () {
    this.timeout(20_000);
    const says = { text: '220 mx.example.test\r\n' };
    const server = await listening(says);
    const { port } = server.address() as AddressInfo;
    const prober = startProber('127.0.0.1', [port]);
    await sleep(600);
    assert.deepEqual(prober.take(), []);
    says.text = '';
    await sleep(6000);
    const [outage] = prober.take();
    prober.stop();
    server.close();
    assert.equal(outage?.port, port);
    assert.ok(outage.seconds > 4, String(outage.seconds));
  });

  it('the wait for a greeting that comes late is an outage', async function () {
    this.timeout(20_000);
    let wait = 0;
    const server = createServer((socket: Socket) => {
      socket.on('error', () => {});
      setTimeout(() => socket.write('220 mx.example.test\r\n'), wait);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const prober = startProber('127.0.0.1', [port]);
    await sleep(600);
    wait = 3000;
    await sleep(1000);
    wait = 0;
    await sleep(4000);
    const [outage] = prober.take();
    prober.stop();
    server.close();
    assert.ok(outage && outage.seconds > 2.5 && outage.seconds < 4, JSON.stringify(outage));
  });

  it('a server that waits for a word of its client is in service while it accepts connections', async function () {
    this.timeout(20_000);
    const server = await listening({ text: '' });
    const { port } = server.address() as AddressInfo;
    const prober = startProber('127.0.0.1', [port]);
    await sleep(6500);
    assert.deepEqual(prober.take(), []);
    server.close();
    await sleep(1500);
    const [outage] = prober.take();
    prober.stop();
    assert.ok((outage?.seconds ?? 0) > 0.8, String(outage?.seconds));
  });
});
