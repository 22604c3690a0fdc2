import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../../src/model/index.ts';
import { inThisThread } from '../../src/compute/compute.ts';
import { asProxy, asServed, beginProbe, tcp } from '../../src/run/probe.ts';

describe('probes that are abandoned', () => {
  it('a connection that is aborted before its start is not made', async () => {
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

  it('abandoning the probes after a failure of SSH raises no further error', async () => {
    const failed = Promise.reject(new Error('refused'));
    failed.catch(() => {});
    const host = { name: 'mx', hostname: 'mx.example.test' };
    beginProbe({ address: failed, remote: failed }, host, { trust: [], compute: inThisThread }).abandon();
    await sleep(10); // an unhandled rejection would fail this test
  });
});

describe('probes of a port that the host does not serve', () => {
  const finding = (port: number, check: string, status: Finding['status'], text: string): Finding => {
    return { port, check, status, text, via: 'direct' };
  };
  const closed = new Map([[995, 'the package dovecot-pop3d is not installed']]);
  const others = new Map<number, string>();

  it('a closed port passes, with the reason', () => {
    const [found, other] = asServed(
      [
        finding(995, 'answers', 'fail', 'nothing listens on 995'),
        finding(993, 'answers', 'fail', 'nothing listens on 993'),
      ],
      { closed, others },
    );
    assert.deepEqual(
      [found?.status, found?.text],
      ['pass', 'closed, and not served here: the package dovecot-pop3d is not installed'],
    );
    assert.equal(other?.status, 'fail');
  });

  it('the findings of an open port stay', () => {
    const all = [finding(995, 'answers', 'pass', 'answers: "+OK"'), finding(995, 'tls', 'fail', 'speaks TLSv1')];
    assert.deepEqual(asServed(all, { closed, others }), all);
  });

  it('a failure on a port that another program serves is only a warning', () => {
    const all = [finding(995, 'tls', 'fail', 'speaks TLSv1'), finding(993, 'tls', 'fail', 'speaks TLSv1')];
    const [other, own] = asServed(all, { closed, others: new Map([[995, 'couriertcpd']]) });
    assert.deepEqual(
      [other?.status, other?.text],
      ['warn', 'speaks TLSv1; couriertcpd serves this port, and nothing here changes it'],
    );
    assert.equal(own?.status, 'fail');
  });
});

describe('probes of a port behind a proxy', () => {
  it('a probe sends the PROXY header first, on this port only', async () => {
    const heard = new Map<number, string>();
    const server = createServer((socket) => {
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
      socket.once('end', () => {
        heard.set(socket.remotePort ?? 0, text);
        socket.end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { signal } = new AbortController();
    const { ways } = asProxy({ direct: () => tcp('127.0.0.1', port, signal) }, [{ port: 465, trusted: null }]);
    for (const [asked, all] of [
      [465, /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nEHLO$/],
      [25, /^EHLO$/],
    ] as const) {
      const stream = (await ways.direct(asked, signal)) as Awaited<ReturnType<typeof tcp>>;
      const own = stream.localPort ?? 0;
      stream.resume().end('EHLO');
      await once(stream, 'close');
      assert.match(heard.get(own) ?? '', all);
    }
    server.close();
  });
});
