import assert from 'node:assert/strict';
import { Gate, TurnedAway } from '../../../src/audit/port-gate.ts';
import { Limiter } from '../../../src/concurrency/limiter.ts';
import { injection } from '../../../src/audit/tricks.ts';
import { starttlsServer } from './broken-server.ts';
import { targetOf } from './s-server.ts';

describe('audit: command injection behind STARTTLS', function () {
  this.timeout(30_000);
  for (const kind of ['smtp', 'imap', 'pop3'] as const)
    for (const [how, expected] of [
      ['broken', 'taken'],
      ['sound', 'dropped'],
    ] as const)
      it(`the audit sees that a ${how} ${kind} server (a mock) ${how === 'broken' ? 'carries out' : 'drops'} the injected command`, async () => {
        const server = await starttlsServer(kind, how);
        try {
          const port = { port: 25, protocol: kind, tls: 'starttls' } as const;
          assert.equal(await injection(targetOf(server.port, { port })), expected);
        } finally {
          server.close();
        }
      });
});

describe('audit: the gate for connections to one host', () => {
  it('the gate runs no more connections at a time than its limit', async () => {
    const gate = new Gate(new Limiter(3), 1);
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, () =>
        gate.through(async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setTimeout(resolve, 1));
          inside--;
        }),
      ),
    );
    assert.deepEqual([most, gate.connections, gate.shut], [3, 20, '']);
  });

  it('the gate retries one connection at a time after the server turns away a client that it served before', async () => {
    const gate = new Gate(new Limiter(3), 1);
    await gate.through(async () => {});
    let refusals = 2;
    let inside = 0;
    const work = async (): Promise<number> => {
      if (refusals-- > 0) throw new TurnedAway('421 too many connections');
      assert.equal(++inside, 1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return inside--;
    };
    await Promise.all([1, 2, 3, 4, 5].map(() => gate.through(work)));
    assert.equal(gate.shut, '');
  });

  it('the gate gives up with the reason when waiting does not help', async () => {
    const gate = new Gate(new Limiter(3), 1);
    await gate.through(async () => {});
    const refused = (): Promise<never> => Promise.reject(new TurnedAway('421 too many connections'));
    const asked = await Promise.allSettled([1, 2, 3].map(() => gate.through(refused)));
    assert.deepEqual(
      asked.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    assert.equal(gate.shut, '421 too many connections');
    await assert.rejects(() => gate.through(async () => {}), TurnedAway);
  });

  it('the gate does not wait when the server has never accepted a connection', async () => {
    const gate = new Gate(new Limiter(3), 1_000_000);
    await assert.rejects(() => gate.through(() => Promise.reject(new TurnedAway('refused'))), /refused/);
    assert.equal(gate.shut, 'refused');
  });
});
