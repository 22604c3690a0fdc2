/** Hosts of which a copy can be made. */
import assert from 'node:assert/strict';
import { assertCopyable } from '../../../src/run/rehearsal/original.ts';
import type { Listener } from '../../../src/model/index.ts';

describe('rehearse: a host whose daemons listen on certain addresses', () => {
  const listener = (address: string, port: number, process: string, more: Partial<Listener> = {}): Listener => ({
    ...{ address, port, process },
    ...more,
  });

  for (const [address, process, more] of [
    ['0.0.0.0', 'master'],
    ['*', 'dovecot'],
    ['[::1]', 'dovecot'],
    ['192.0.2.1', 'master'],
    ['[2001:db8::1]', 'dovecot'],
    ['[::ffff:192.0.2.1]', 'dovecot'],
    ['127.0.0.53%lo', 'systemd-resolved'],
    ['[fe80::1]%eth0', 'nginx'],
    ['[fe80::1]%eth0', 'master', { ours: false }],
  ] as const)
    it(`${process} on ${address}${more ? ', of another instance,' : ''} can be copied`, () =>
      assertCopyable({ listeners: [listener(address, 25, process, more ?? {})] }));

  for (const [address, process, says] of [
    [
      '[fe80::1]%eth0',
      'master',
      /^Postfix listens on \[fe80::1\]%eth0 \(port 25, 465\), an address that exists on an interface/,
    ],
    [
      '169.254.7.1',
      'dovecot',
      /^Dovecot listens on 169\.254\.7\.1 \(port 25, 465\), an address that exists on an interface/,
    ],
  ] as const)
    // oxfmt-ignore
    it(`${process} on ${address} is refused, with the ports`, () => {
      const listeners = [
        listener('127.0.0.1', 10025, process),
        listener(address, 25, process),
        listener(address, 465, process),
      ];
      assert.throws(() => assertCopyable({ listeners }), {
        code: 'STOPPED',
        message: says,
        hint: /Nothing was written/,
      });
    });

  it('a host whose daemons listen on more than 64 addresses is refused, with their number', () => {
    const listeners = Array.from({ length: 65 }, (_, n) => listener(`192.0.2.${n}`, 25, 'master'));
    assertCopyable({ listeners: listeners.slice(1) });
    assert.throws(() => assertCopyable({ listeners }), { message: /\(port 25\), one of 65 addresses: a copy has at most 64/ }); // oxfmt-ignore
  });
});
