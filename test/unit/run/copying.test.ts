/** Hosts of which a copy can be made. */
import assert from 'node:assert/strict';
import { assertCopyable } from '../../../src/run/copying.ts';
import type { Listener } from '../../../src/model/index.ts';

describe('rehearse: a host whose daemons listen on certain addresses', () => {
  const listener = (address: string, port: number, process: string, more: Partial<Listener> = {}): Listener => ({
    ...{ address, port, process },
    ...more,
  });

  for (const [address, process, more] of [
    ['0.0.0.0', 'master'],
    ['*', 'dovecot'],
    ['[::]', 'master'],
    ['127.0.0.1', 'master'],
    ['[::1]', 'dovecot'],
    ['192.0.2.1', 'nginx'],
    ['192.0.2.1', 'master', { ours: false }],
  ] as const)
    it(`${process} on ${address}${more ? ', of another instance,' : ''} can be copied`, () =>
      assertCopyable({ listeners: [listener(address, 25, process, more ?? {})] }));

  for (const [address, process, says] of [
    [
      '192.0.2.1',
      'master',
      /^Postfix listens on 192\.0\.2\.1 \(port 25, 465\), an address of the host that a copy does not have$/,
    ],
    ['[2001:db8::1]', 'dovecot', /^Dovecot listens on \[2001:db8::1\] \(port 25, 465\), an address/],
  ] as const)
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
});
