import assert from 'node:assert/strict';
import type { Finding } from '../../../src/model/index.ts';
import { isTrusted, proxyLine, unproven } from '../../../src/verify/proxy.ts';

describe('verify: the PROXY protocol', () => {
  it('the PROXY line names the client and the server of the connection', () => {
    const ends = { localAddress: '192.0.2.9', localPort: 40000, remoteAddress: '192.0.2.1', remotePort: 465 };
    assert.equal(proxyLine(ends, 465), 'PROXY TCP4 192.0.2.9 192.0.2.1 40000 465\r\n');
    const six = { localAddress: '2001:db8::9', localPort: 40000, remoteAddress: '2001:db8::1', remotePort: 465 };
    assert.equal(proxyLine(six, 465), 'PROXY TCP6 2001:db8::9 2001:db8::1 40000 465\r\n');
  });

  it('an IPv4 address of an IPv6 socket is written as IPv4', () => {
    const ends = { localAddress: '::ffff:192.0.2.9', localPort: 1, remoteAddress: '::ffff:192.0.2.1', remotePort: 2 };
    assert.equal(proxyLine(ends, 465), 'PROXY TCP4 192.0.2.9 192.0.2.1 1 2\r\n');
  });

  it('the host itself is the client of a channel through SSH', () => {
    assert.equal(proxyLine({}, 993), 'PROXY TCP4 127.0.0.1 127.0.0.1 993 993\r\n');
  });

  for (const [networks, address, trusted] of [
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['10.0.0.0/8 192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7, 2001:db8::/32', '2001:db8::1', true],
    ['::ffff:0:0/96 10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['0.0.0.0/0', '198.51.100.1', true],
    ['proxy.example.test 10.0.0.0/99 /8', '10.0.0.1', false],
    ['', '10.0.0.1', false],
    ['10.0.0.0/8', undefined, false],
  ] as const)
    it(`${JSON.stringify(networks)} ${trusted ? 'trusts' : 'does not trust'} ${address ?? 'a client without an address'}`, () => {
      assert.equal(isTrusted(networks, address), trusted);
    });

  const finding = (port: number, check: string, status: Finding['status']): Finding => {
    return { port, check, status, text: 'closed the connection', via: 'direct' };
  };
  const statuses = (trusted: string, ...all: Finding[]) =>
    unproven(all, new Map([[993, { trusted, address: '192.0.2.9' }]])).map(({ status }) => status);

  it('a Dovecot that does not trust the probe gives a hint, and one that trusts it is judged as usual', () => {
    assert.deepEqual(statuses('10.0.0.0/8', finding(993, 'tls', 'fail'), finding(995, 'tls', 'fail')), [
      'hint',
      'fail',
    ]);
    assert.deepEqual(statuses('192.0.2.0/24', finding(993, 'tls', 'fail')), ['fail']);
    assert.deepEqual(statuses('10.0.0.0/8', finding(993, 'certificate-name', 'fail')), ['fail']);
    const [told] = unproven([finding(993, 'tls', 'fail')], new Map([[993, { trusted: '', address: '192.0.2.9' }]]));
    assert.match(told?.text ?? '', /takes it from nobody \(haproxy_trusted_networks\): cannot be proved from here$/);
  });
});
