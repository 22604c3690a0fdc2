import assert from 'node:assert/strict';
import { readHostText } from '../../../src/inventory/host-text.ts';

describe('inventory: a host as text', () => {
  for (const [text, expected] of [
    ['mx1', { hostname: 'mx1' }],
    ['mx1.example.org', { hostname: 'mx1.example.org' }],
    ['mx1:2222', { hostname: 'mx1', port: 2222 }],
    ['root@mx1', { hostname: 'mx1', user: 'root' }],
    ['root@mx1:2222', { hostname: 'mx1', user: 'root', port: 2222 }],
    ['ssh://mx1', { hostname: 'mx1' }],
    ['ssh://root@mx1:2222/', { hostname: 'mx1', user: 'root', port: 2222 }],
    ['192.0.2.1:22', { hostname: '192.0.2.1', port: 22 }],
    ['2001:db8::1', { hostname: '2001:db8::1' }],
    ['fe80::1%eth0', { hostname: 'fe80::1%eth0' }],
    ['root@2001:db8::1', { hostname: '2001:db8::1', user: 'root' }],
    ['[2001:db8::1]', { hostname: '2001:db8::1' }],
    ['ssh://root@[2001:db8::1]:2222', { hostname: '2001:db8::1', user: 'root', port: 2222 }],
    ['', null],
    ['mx1:', null],
    ['mx1:0', null],
    ['mx1:65536', null],
    ['@mx1', null],
    ['a@b@c', null],
    ['ssh://mx1/path', null],
    ['[mx1', null],
  ] as const)
    it(`${JSON.stringify(text)} is ${expected === null ? 'no host' : JSON.stringify(expected)}`, () => {
      assert.deepEqual(readHostText(text), expected);
    });
});
