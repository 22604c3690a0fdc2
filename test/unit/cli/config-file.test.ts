/** `~/.config/harden-mail/config.yaml`. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArguments } from '../../../src/cli/arguments.ts';
import { readConfig } from '../../../src/cli/config-file.ts';
import { HOST_DEFAULTS, RUN_DEFAULTS } from '../../../src/cli/config-names.ts';
import { chooseHosts } from '../../../src/cli/run-options.ts';
import { configSchema } from '../../../scripts/config-schema.ts';

describe('cli: the configuration file', () => {
  const home = mkdtempSync(join(tmpdir(), 'harden-mail-config-'));
  const folder = join(home, '.config/harden-mail');
  const path = join(folder, 'config.yaml');
  before(() => mkdirSync(folder, { recursive: true }));
  after(() => rmSync(home, { recursive: true }));

  const parse = async (text: string, line: string, more: Record<string, string> = {}) => {
    writeFileSync(path, text);
    const env = { HOME: home, ...more };
    const parsed = await parseArguments(line.split(' '), env, 80, () => readConfig(env));
    if (!('flags' in parsed)) throw new Error('no flags');
    return parsed;
  };

  it('without the file, or with an empty one, nothing is set', async () => {
    assert.deepEqual(await readConfig({ HOME: join(home, 'none') }), {});
    assert.deepEqual(await readConfig({}), {});
    assert.deepEqual((await parse('# nothing\n', 'check a')).defaults, {});
  });

  it('a value is a default: the environment overrides it, and a flag overrides both', async () => {
    const forks = async (line: string, env = {}) => (await parse('forks: 3\n', line, env)).flags.forks;
    assert.equal(await forks('check a'), 3);
    assert.equal(await forks('check a', { HARDEN_MAIL_FORKS: '4' }), 4);
    assert.equal(await forks('check a --forks 5', { HARDEN_MAIL_FORKS: '4' }), 5);
  });

  it('settings of hosts are below those of an inventory', async () => {
    writeFileSync(join(home, 'hosts.yaml'), 'defaults: {email: b@example.org}\nhosts: {mx1: {user: own}, mx2: {}}\n');
    const text =
      'inventory: ../../hosts.yaml\nuser: ops\nport: 2222\nemail: a@example.org\nacme-server: https://acme.example.org/d\n';
    const seen = async (line: string) =>
      (await chooseHosts(await parse(text, line))).map(({ name, user, port, request }) => [name, user, port, request]);
    const acmeServer = 'https://acme.example.org/d';
    const request = { email: 'b@example.org', acmeServer };
    assert.deepEqual(await seen('check'), [['mx1', 'own', 2222, request], ['mx2', 'ops', 2222, request]]); // oxfmt-ignore
    assert.deepEqual(await seen('check --user me'), [['mx1', 'me', 2222, request], ['mx2', 'me', 2222, request]]); // oxfmt-ignore
    assert.deepEqual(await seen('check root@mx9:22'), [['mx9', 'root', 22, { email: 'a@example.org', acmeServer }]]);
  });

  it('an option that excludes it on the command line or in the environment overrides it', async () => {
    const text = 'inventory: /etc/hosts.yaml\nquiet: true\n';
    assert.equal((await parse(text, 'check --host a')).flags.inventory, undefined);
    assert.equal((await parse(text, 'check --local')).flags.inventory, undefined);
    assert.equal((await parse(text, 'check', { HARDEN_MAIL_HOST: 'a' })).flags.inventory, undefined);
    assert.equal((await parse(text, 'check --verbose')).flags.quiet, undefined);
    assert.equal((await parse(text, 'check')).flags.quiet, true);
  });

  it('paths are relative to the file, and begin at the home folder with ~', async () => {
    const { flags } = await parse('inventory: hosts.yaml\nca: ~/root.pem\nssh-config: none\n', 'check');
    assert.deepEqual([flags.inventory, flags.ca, flags['ssh-config']], [join(folder, 'hosts.yaml'), join(home, 'root.pem'), 'none']); // oxfmt-ignore
  });

  for (const [text, message] of [
    ['fork: 3\n', /config\.yaml:1:7: fork: there is no such option: did you mean "forks"\?/],
    ['color: auto\nyes: true\n', /config\.yaml:2:6: yes: this option is for the command line only/],
    ['replace: sasl\n', /this option is for the command line only/],
    ['forks: many\n', /forks: takes a whole number/],
    ['quiet: maybe\n', /quiet: takes true or false/],
    ['profile: lax\n', /profile: takes one of standard, strict/],
    ['user: [a]\n', /user: takes a text/],
    ['- a\n', /this is no list of NAME: VALUE/],
    ['a: {\n', /config\.yaml:\d+:\d+/],
  ] as const)
    it(`${JSON.stringify(text)} is refused with its place`, async () => {
      await assert.rejects(parse(text, 'check a'), message);
    });

  it('the schema for editors has exactly the names that are read', () => {
    const { properties } = configSchema();
    assert.deepEqual(Object.keys(properties).sort(), [...HOST_DEFAULTS, ...RUN_DEFAULTS].sort());
  });
});
