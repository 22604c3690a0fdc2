import assert from 'node:assert/strict';
import { validHostname, validUser } from '../../../src/inventory/valid-names.ts';

const LONG = 'a'.repeat(256);

describe('inventory: names', () => {
  for (const name of [
    'mx1',
    'mx1.example.org',
    '192.0.2.1',
    '2001:db8::1',
    'fe80::1%eth0',
    'my_alias',
    'bücher.example',
  ]) {
    it(`${name} is a host name`, () => assert.equal(validHostname(name), true));
  }
  for (const name of [
    '',
    '-oProxyCommand=x',
    'a b',
    'a;b',
    'a|b',
    '$(id)',
    '`id`',
    'a\nb',
    'a\0b',
    'me@host',
    'a"b',
    "a'b",
    'a\\b',
    'a\u202eb',
    LONG,
  ]) {
    it(`${JSON.stringify(name).slice(0, 30)} is not a host name`, () => assert.equal(validHostname(name), false));
  }
  for (const name of ['root', 'me', 'DOMAIN\\user', 'user$', 'me@example.org']) {
    it(`${name} is a user name`, () => assert.equal(validUser(name), true));
  }
  for (const name of ['', '-l', 'a b', 'a;b', '`id`', 'a\nb', 'user\\', 'a"b', LONG]) {
    it(`${JSON.stringify(name).slice(0, 30)} is not a user name`, () => assert.equal(validUser(name), false));
  }
});
