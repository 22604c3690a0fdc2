import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HardenMailError } from '../../../src/model/errors.ts';
import { assertContact, flagOf, requestFromFlags } from '../../../src/inventory/request-settings.ts';
import { loadInventory, singleHost, thisMachine, type Overrides } from '../../../src/inventory/load.ts';
import { REQUEST_SETTINGS, type Host } from '../../../src/model/index.ts';
import { OPTIONS } from '../../../src/cli/options.ts';

describe('inventory: load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-inventory-'));
  const path = join(folder, 'inventory.json');
  after(() => rmSync(folder, { recursive: true }));

  const load = (text: string | object, overrides: Overrides = {}): Promise<Host[]> => {
    writeFileSync(path, typeof text === 'string' ? text : JSON.stringify(text));
    return loadInventory(path, overrides);
  };
  /** The message without the file's name, which must be there. */
  const refusal = async (text: string | object): Promise<string> => {
    const error: unknown = await load(text).catch((reason: unknown) => reason);
    assert.ok(error instanceof HardenMailError && error.code === 'INVENTORY_INVALID', String(error));
    assert.ok(error.message.startsWith(`${path}:`) && error.hint !== '', error.message);
    assert.doesNotMatch(error.message, /\n/);
    return error.message.slice(path.length + 1);
  };

  it('the example inventory is read', async () => {
    const example = readFileSync(new URL('../../../inventory.example.json', import.meta.url), 'utf8');
    assert.deepEqual(await load(example), [
      {
        name: 'mx1.example.org',
        hostname: 'mx1.example.org',
        user: 'root',
        request: { email: 'postmaster@example.org' },
        sni: [],
      },
      {
        name: 'mx2.example.org',
        hostname: '198.51.100.7',
        port: 2222,
        user: 'admin',
        identity: '~/.ssh/id_mail',
        domain: 'mail.example.org',
        domains: ['imap.example.org', 'smtp.example.org'],
        request: { webroot: '/srv/www', keyType: 'ecdsa', email: 'postmaster@example.org' },
        profile: 'standard',
        replace: ['certificate'],
        sni: [],
      },
      {
        name: 'mx3.example.org',
        hostname: 'mx3.example.org',
        user: 'root',
        cert: '/etc/ssl/mail/fullchain.pem',
        key: '/etc/ssl/mail/privkey.pem',
        request: { email: 'postmaster@example.org' },
        sni: [],
      },
      {
        name: 'mx4.example.org',
        hostname: 'mx4.example.org',
        user: 'root',
        request: { email: 'postmaster@example.org' },
        sni: [
          { names: ['mail.example.net', 'imap.example.net'] },
          {
            names: ['mail.example.com'],
            cert: '/etc/ssl/example.com/fullchain.pem',
            key: '/etc/ssl/example.com/privkey.pem',
          },
        ],
      },
      {
        name: 'mx1.lab.example.org',
        hostname: 'mx1.lab.example.org',
        user: 'root',
        request: {
          email: 'postmaster@example.org',
          acmeServer: 'https://acme.example.org/directory',
          acmeCa: '/etc/ssl/certs/example-root.pem',
        },
        groups: ['lab'],
        sni: [],
      },
    ]);
  });

  it('a wrong sni entry is reported with its place: half a certificate, a name with two certificates, no name', async () => {
    const sni = (...entries: object[]) => refusal({ hosts: { mx1: { sni: entries } } });
    assert.match(await sni({ names: ['a.example'], cert: '/c' }), /hosts\.mx1\.sni\.0\.cert: has no key beside it$/);
    assert.match(
      await sni({ names: ['a.example'] }, { names: ['b.example', 'A.example'] }),
      /hosts\.mx1\.sni\.1\.names\.1: already has a certificate above$/,
    );
    assert.match(await sni({ names: [] }), /hosts\.mx1\.sni\.0\.names: /);
    assert.match(await sni({ name: 'a.example' }), /hosts\.mx1\.sni\.0\.name: there is no such setting/);
    assert.match(await refusal({ defaults: { sni: [] }, hosts: { a: {} } }), /defaults\.sni: there is no such setting/);
  });

  it('the settings of a host win over the defaults, and flags win over both', async () => {
    const text = { defaults: { user: 'a', port: 1 }, hosts: { one: {}, two: { user: 'b' } } };
    const seen = async (overrides: Overrides): Promise<unknown> =>
      (await load(text, overrides)).map(({ name, user, port }) => [name, user, port]);
    assert.deepEqual(await seen({}), [
      ['one', 'a', 1],
      ['two', 'b', 1],
    ]);
    assert.deepEqual(await seen({ user: 'c' }), [
      ['one', 'c', 1],
      ['two', 'c', 1],
    ]);
    assert.deepEqual(await seen({ port: 9 }), [
      ['one', 'a', 9],
      ['two', 'b', 9],
    ]);
  });

  it('groups win over the defaults in the order of the file, and a host wins over its groups', async () => {
    const hosts = await load({
      defaults: { user: 'all', port: 1, email: 'all@example.org' },
      groups: { first: { hosts: ['a', 'b'], user: 'first', port: 2 }, second: { hosts: ['b*'], user: 'second' } },
      hosts: { a: {}, b: { email: 'b@example.org' }, c: {} },
    });
    assert.deepEqual(
      hosts.map(({ name, user, port, request, groups }) => [name, user, port, request?.email, groups]),
      [
        ['a', 'first', 2, 'all@example.org', ['first']],
        ['b', 'second', 2, 'b@example.org', ['first', 'second']],
        ['c', 'all', 1, 'all@example.org', undefined],
      ],
    );
  });

  it('a YAML file is recognised by its name, and its errors have their places', async () => {
    const yaml = join(folder, 'inventory.yaml');
    writeFileSync(
      yaml,
      '# ours\ndefaults: { user: root }\nhosts:\n  mx1.example.org:\n  mx2.example.org: { port: 2222 }\n',
    );
    await assert.rejects(
      loadInventory(yaml, {}),
      /yaml:4:19: hosts\."mx1\.example\.org": Invalid input: expected object/,
    );
    writeFileSync(yaml, 'hosts:\n  no: {}\n  mx2.example.org: { port: 2222 }\n');
    assert.deepEqual(
      (await loadInventory(yaml, {})).map(({ name, port }) => [name, port]),
      [
        ['no', undefined],
        ['mx2.example.org', 2222],
      ],
    );
    for (const [text, message] of [
      ['hosts:\n  a: {}\n  a: {}\n', '3:3: this name is here a second time'],
      ['hosts:\n\ta: {}\n', '2:1: Tabs are not allowed as indentation'],
      ['hosts: [\n', '2:1: Flow sequence in block collection must be sufficiently indented and end with a ]'],
      [
        `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((name, n) => `${name}: &${name} [${`*${'abcdefg'[n]},`.repeat(9)}]\n`).join('')}hosts: {}\n`,
        '1:1: the aliases (*NAME) repeat too many values',
      ],
      ['a: *b\n', '1:4: Unresolved alias (the anchor must be set before the alias): b'],
      ['', '1:1: the file: Invalid input: expected object, received null'],
    ] as const) {
      writeFileSync(yaml, text);
      await assert.rejects(loadInventory(yaml, {}), (error: Error) => {
        assert.equal(error.message, `${yaml}:${message}`);
        return true;
      });
    }
  });

  it('hosts keep the order of the file, have no empty members, and a byte order mark is allowed', async () => {
    const hosts = await load('\ufeff{ "$schema": "x", "hosts": { "b": {}, "a": { "hostname": "192.0.2.1" } } }');
    assert.deepEqual(hosts, [
      { name: 'b', hostname: 'b', sni: [] },
      { name: 'a', hostname: '192.0.2.1', sni: [] },
    ]);
  });

  it('the local machine has no profile of its own, so it keeps the profile that was applied last', () => {
    assert.equal(thisMachine({}).profile, undefined);
    assert.equal(thisMachine({ profile: 'strict' }).profile, 'strict');
  });

  it('a host on the command line becomes a host with the given flags', () => {
    assert.deepEqual(singleHost('mx1', {}), { name: 'mx1', hostname: 'mx1' });
    assert.deepEqual(singleHost('mx1', { user: 'me', port: 2 }), {
      name: 'mx1',
      hostname: 'mx1',
      user: 'me',
      port: 2,
    });
  });

  for (const [overrides, message] of [
    [{ email: 'me' }, '--email: Invalid email address'],
    [{ email: '-x' }, '--email: Invalid email address'],
    [{ acmeServer: 'http://acme.example.org/' }, '--acme-server: Invalid URL'],
    [{ acmeServer: 'https://acme.example.org/\nx' }, '--acme-server: Invalid URL'],
  ] as const) {
    it(`a flag obeys the rules of the inventory: ${message}`, () =>
      assert.rejects(assertContact(overrides), { code: 'USAGE', message }));
  }
  it('one setting of a request in a flag overrides that setting of the inventory alone', async () => {
    const [host] = await load(
      { hosts: { mx1: { email: 'a@example.org', webroot: '/srv/www' } } },
      { request: await requestFromFlags({ webroot: '/var/www', 'key-type': 'rsa', host: 'mx1' }) },
    );
    assert.deepEqual(host?.request, { email: 'a@example.org', webroot: '/var/www', keyType: 'rsa' });
  });

  for (const [flags, message] of [
    [{ webroot: 'www' }, '--webroot takes an absolute path on the host'],
    [{ 'pre-hook': 'a\nb' }, '--pre-hook takes a command, on one line'],
    [{ 'post-hook': ' ' }, '--post-hook takes a command, on one line'],
  ] as const) {
    it(`the flags of a request are checked like the inventory: ${message}`, () =>
      assert.rejects(requestFromFlags(flags), { code: 'USAGE', message }));
  }
  it('every setting of a request has an option', () => {
    const options = Object.keys(OPTIONS);
    assert.deepEqual(
      REQUEST_SETTINGS.map(flagOf).filter((flag) => !options.includes(flag)),
      [],
    );
  });

  it('a flag with a valid value of the inventory is accepted', () =>
    assertContact({ email: 'me@example.org', acmeServer: 'https://acme.example.org:14000/dir' }));

  it('a file that cannot be read is an error with its cause', async () => {
    await assert.rejects(loadInventory(join(folder, 'none.json'), {}), /none\.json cannot be read: ENOENT/);
    await assert.rejects(loadInventory(folder, {}), /cannot be read: EISDIR/);
  });

  // Every message of JSON.parse in Node 20: some tell a position, and all get line and column.
  for (const [text, message] of [
    ['', '1:1: Unexpected end of JSON input'],
    ['{\n  "hosts": ', '2:12: Unexpected end of JSON input'],
    ['{\n  "hosts": }', "2:12: Unexpected token '}'"],
    ['{"hosts": {\n  "a": {}, }}', '2:12: Expected double-quoted property name'],
    ['{\n  hosts: {}}', "2:3: Expected property name or '}'"],
    ["{'hosts': {}}", "1:2: Expected property name or '}'"],
    ['{"hosts" {}}', "1:10: Expected ':' after property name"],
    ['{"hosts": {}\n "x": 1}', "2:2: Expected ',' or '}' after property value"],
    ['[1\n2]', "2:1: Expected ',' or ']' after array element"],
    ['[1,\n]', "2:1: Unexpected token ']'"],
    ['[1,,2]', "1:4: Unexpected token ','"],
    ['{"hosts": {}}\n}', '2:1: Unexpected non-whitespace character'],
    ['// hosts\n{}', "1:1: Unexpected token '/'"],
    ['{"port": NaN}', "1:10: Unexpected token 'N'"],
    ['{"yes": tru}', "1:12: Unexpected token '}'"],
    ['undefined', '1:1: Unexpected word'],
    ['{"}": "}",\n "c": }', "2:7: Unexpected token '}'"],
    ['{"ä😀": "😀", "b": }', "1:20: Unexpected token '}'"],
    ['{"a": "b\n"}', '1:9: Bad control character in string literal'],
    ['{"a": "\\x"}', '1:9: Bad escaped character'],
    ['{"a": "\\u12"}', '1:12: Bad Unicode escape'],
    ['{"a": "b', '1:9: Unterminated string'],
    ['{"a": -}', '1:8: No number after minus sign'],
    ['{"a": 1.}', '1:9: Unterminated fractional number'],
    ['{"a": 1e}', '1:9: Exponent part is missing a number'],
    ['{"a": 01}', '1:8: Unexpected number'],
    [`{"a": "${'x'.repeat(200)}", "b": !}`, "1:216: Unexpected token '!'"],
  ] as const) {
    it(`the error has the line and column in ${JSON.stringify(text).slice(0, 40)}`, async () =>
      assert.equal(await refusal(text), message));
  }

  for (const [text, message] of [
    [
      '{"hosts": {\n  "mx1": { "prot": 22 } } }',
      '2:20: hosts.mx1.prot: there is no such setting: did you mean "port"?',
    ],
    ['{"host": { "a": {} }, "hosts": { "a": {} } }', '1:10: host: there is no such setting: did you mean "hosts"?'],
    [
      '{"hosts": { "a": { "profile": "lax" } } }',
      '1:31: hosts.a.profile: Invalid option: expected one of "standard"|"strict"',
    ],
    [
      '{"groups": { "g": { "hosts": ["mx2"] } }, "hosts": { "mx1": {} } }',
      '1:31: groups.g.hosts.0: matches no host below: did you mean "mx1"?',
    ],
    [
      '{"groups": { "g": { "hosts": [] } }, "hosts": { "mx1": {} } }',
      '1:30: groups.g.hosts: Too small: expected array to have >=1 items',
    ],
    ['{"groups": { "g h": { "hosts": ["a"] } }, "hosts": { "a": {} } }', '1:21: groups."g h": not a group name'],
    [
      '{"hosts": {\n  "mx1.example.org": { "port": "22" } } }',
      '2:32: hosts."mx1.example.org".port: Invalid input: expected number, received string',
    ],
    ['{"hosts": { "a": { "port": 65536 } } }', '1:28: hosts.a.port: Too big: expected number to be <=65535'],
    ['{"hosts": { "a": { "port": 22.5 } } }', '1:28: hosts.a.port: Invalid input: expected int, received number'],
    ['{"hosts": { "a": null } }', '1:18: hosts.a: Invalid input: expected object, received null'],
    ['{"hosts": { "a": { "email": "me" } } }', '1:29: hosts.a.email: Invalid email address'],
    ['{"hosts": { "a": { "acmeServer": "http://x.test/" } } }', '1:34: hosts.a.acmeServer: Invalid URL'],
    ['{"hosts": { "a": { "user": "-l" } } }', '1:28: hosts.a.user: not a user name'],
    ['{"hosts": { "a": { "hostname": "a;b" } } }', '1:32: hosts.a.hostname: not a host name or address'],
    ['{"hosts": { "-oProxyCommand=x": {} } }', '1:33: hosts."-oProxyCommand=x": not a host name'],
    ['{"defaults": { "domain": "x" }, "hosts": { "a": {} } }', '1:26: defaults.domain: there is no such setting'],
    ['{"hosts": []}', '1:11: hosts: Invalid input: expected record, received array'],
    ['{\n "hosts": {}}', '2:11: hosts: the inventory has no hosts'],
    ['{}', '1:1: hosts: Invalid input: expected record, received undefined'],
    ['[]', '1:1: the file: Invalid input: expected object, received array'],
    ['{"hosts": { "a": {},\n "a": {} } }', '2:2: this name is here a second time'],
    ['{"hosts": { "a": { "port": 1, "port": 2 } } }', '1:31: this name is here a second time'],
    [
      '{"hosts": { "a": { "prot": 1, "x": 2, "port": "x" } } }',
      '1:47: hosts.a.port: Invalid input: expected number, received string; 1:28: hosts.a.prot: there is no such setting: did you mean "port"?; 1:36: hosts.a.x: there is no such setting',
    ],
  ] as const) {
    it(`this inventory is refused with the place: ${text}`, async () => assert.equal(await refusal(text), message));
  }
});
