import assert from 'node:assert/strict';
import { validHostname, validUser } from '../../../src/inventory/names.ts';

describe('names that may be passed on', () => {
  const good = ['mx1', 'mx1.example.test', '192.0.2.1', '2001:db8::1', 'fe80::1%eth0', 'my_alias', 'bücher.example'];
  const bad = ['', '-oProxyCommand=id', 'a b', 'a;b', '$(id)', '`id`', 'a|b', 'a&b', 'a>b', "a'b", 'a"b', 'a\\b', 'a\nb', 'a\tb', 'a\0b', 'a\x1bb', 'a\u202eb', 'a\u00a0b', 'root@mx1', '{a,b}', 'x'.repeat(256)]; // prettier-ignore
  for (const name of good) it(`host ${name}`, () => assert.ok(validHostname(name)));
  for (const name of bad) it(`no host: ${JSON.stringify(name)}`.slice(0, 60), () => assert.ok(!validHostname(name)));

  const users = ['root', 'admin', 'j.doe', 'DOMAIN\\jdoe', 'machine$', 'jörg'];
  const noUsers = ['', '-l', 'a b', 'a;id', '`id`', "o'x", 'a\\', 'a\nb', 'a|b', '\u200bx'];
  for (const name of users) it(`user ${name}`, () => assert.ok(validUser(name)));
  for (const name of noUsers) it(`no user: ${JSON.stringify(name)}`, () => assert.ok(!validUser(name)));
});
