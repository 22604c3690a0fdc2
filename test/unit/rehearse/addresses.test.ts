/** The addresses that a copy gets, and the ports that lead to them. */
import assert from 'node:assert/strict';
import { addressScript, copyAddresses, taken } from '../../../src/rehearse/addresses.ts';

const listener = (address: string, port: number, process = 'master') => ({ address, port, process });

describe('rehearse: the addresses of a copy', () => {
  it('a host whose daemons listen everywhere or on loopback gives its copy no address', () => {
    const everywhere = [listener('0.0.0.0', 25), listener('[::]', 25), listener('*', 993, 'dovecot'), listener('127.0.0.1', 10025)]; // oxfmt-ignore
    const addresses = copyAddresses([...everywhere, listener('192.0.2.1', 80, 'nginx')], '192.0.2.1');
    assert.deepEqual(addresses, { given: [], forwards: [], notes: [] });
    assert.equal(addressScript(addresses, '198.18.0.2'), '');
  });

  it('a port goes to the address at which the control machine reaches the host; the others are named', () => {
    const { given, forwards, notes } = copyAddresses(
      [listener('10.20.0.1', 25), listener('192.0.2.1', 25), listener('[2001:db8::1]', 25), listener('*', 993, 'dovecot')],
      '192.0.2.1',
    ); // oxfmt-ignore
    assert.deepEqual(given, ['10.20.0.1', '192.0.2.1', '2001:db8::1']);
    assert.deepEqual(forwards.find(({ port }) => port === 25), { port: 25, to: '192.0.2.1' }); // oxfmt-ignore
    assert.deepEqual(notes, ['10.20.0.1, 2001:db8::1, port 25: the sessions of the rehearsal are those at 192.0.2.1']);
  });

  it('a port that listens everywhere by IPv6, and on one address by IPv4, goes to that address', () => {
    const { forwards } = copyAddresses([listener('[::]', 25), listener('192.0.2.1', 25)], '192.0.2.1');
    assert.deepEqual(forwards[0], { port: 25, to: '192.0.2.1' });
  });

  it('behind NAT a port goes to a public address before a private one', () => {
    const { forwards } = copyAddresses([listener('10.20.0.1', 25), listener('192.0.2.1', 25)], '203.0.113.9');
    assert.equal(forwards[0]?.to, '192.0.2.1');
  });

  it('a port that apply may open leads to the address of the port that serves the same users', () => {
    const vpn = copyAddresses([listener('0.0.0.0', 25), listener('10.8.0.1', 587)], '192.0.2.1');
    assert.deepEqual(vpn.forwards, [{ port: 465, to: '10.8.0.1' }, { port: 587, to: '10.8.0.1' }]); // oxfmt-ignore
    const reading = copyAddresses([listener('192.0.2.1', 143, 'dovecot')], '192.0.2.1');
    assert.deepEqual(reading.forwards.map(({ port }) => port), [110, 143, 993, 995, 4190]); // oxfmt-ignore
  });

  it('a port that only IPv6 reaches is named', () => {
    const { given, forwards, notes } = copyAddresses([listener('[2001:db8::1]', 587), listener('*', 25)], '192.0.2.1');
    assert.deepEqual([given, forwards], [['2001:db8::1'], []]);
    assert.deepEqual(notes, ['2001:db8::1, port 587: the copy is reached by IPv4 only']);
  });

  it('another instance of Postfix adds no forward, and an address of a stub is given too', () => {
    const { given, forwards } = copyAddresses(
      [listener('192.0.2.1', 25), { ...listener('192.0.2.2', 465), ours: false }, listener('10.0.0.1', 8891, 'opendkim')],
      '192.0.2.1',
    ); // oxfmt-ignore
    assert.deepEqual(given, ['192.0.2.1', '192.0.2.2', '10.0.0.1']);
    assert.deepEqual(forwards.map(({ port }) => port), [25, 587]); // oxfmt-ignore
  });

  it('an address of the network of the copies is refused, and a word that is no address is never part of a script', () => {
    const addresses = copyAddresses([listener('198.18.0.17', 25), listener('$(reboot)', 587)], '198.18.0.17');
    assert.equal(taken(addresses, '198.18.0.30'), '198.18.0.17');
    assert.equal(taken(addresses, '198.18.0.34'), undefined);
    assert.ok(!addressScript(addresses, '198.18.0.34').includes('reboot'));
  });
});
