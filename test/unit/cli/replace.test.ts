import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArguments } from '../../../src/cli/arguments.ts';
import { HardenMailError } from '../../../src/model/errors.ts';
import { REPLACEABLE, type Host } from '../../../src/model/index.ts';
import { chooseHosts } from '../../../src/cli/run-options.ts';

/** The hosts of a command line, as far as they are known without asking one. */
async function hosts(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<readonly Host[]> {
  const parsed = await parseArguments(args, env, 80);
  assert.ok('flags' in parsed);
  return chooseHosts(parsed);
}

describe('cli: --replace', () => {
  const MX = ['apply', '--host', 'mx.example.org'];

  for (const [given, words] of [
    [['--replace', 'mta'], ['mta']],
    [['--replace=certificate,sasl'], ['sasl', 'certificate']],
    [['--replace', ' mta , ,mta'], ['mta']],
    [[], undefined],
    [['--yes'], undefined],
  ] as const)
    it(`${given.join(' ') || 'an absent option'} means ${words?.join(', ') ?? 'no consent'}`, async () => {
      const [host] = await hosts([...MX, ...given]);
      assert.deepEqual(host?.replace, words);
    });

  for (const command of ['apply', 'check', 'doctor'])
    it(`the option belongs to ${command}`, async () => {
      const [host] = await hosts([command, '--host', 'mx', '--replace', REPLACEABLE.join(',')]);
      assert.deepEqual(host?.replace, REPLACEABLE);
    });

  it('the environment variable HARDEN_MAIL_REPLACE works too', async () => {
    const [host] = await hosts(MX, { HARDEN_MAIL_REPLACE: 'mta' });
    assert.deepEqual(host?.replace, ['mta']);
  });

  for (const [list, message] of [
    ['sals', /^--replace: "sals" is not known: did you mean "sasl"\?$/],
    ['sasl,exim', /^--replace: "exim" is not known$/],
    [',', /^--replace names nothing$/],
  ] as const)
    it(`the list ${JSON.stringify(list)} is refused with the known words`, async () => {
      await assert.rejects(hosts([...MX, '--replace', list]), (error) => {
        assert.ok(error instanceof HardenMailError && error.code === 'USAGE', String(error));
        assert.match(error.message, message);
        assert.equal(error.hint, '--replace takes sasl, mechanisms, certificate, mta, separated by commas.');
        return true;
      });
    });

  describe('in an inventory', () => {
    const folder = mkdtempSync(join(tmpdir(), 'harden-mail-replace-'));
    const path = join(folder, 'hosts.json');
    after(() => rmSync(folder, { recursive: true }));
    const inventory = ['check', '--inventory', path];

    it('the list of a host wins over the defaults, and the flag wins over both', async () => {
      writeFileSync(path, '{"defaults": {"replace": ["mta"]}, "hosts": {"a.test": {}, "b.test": {"replace": []}}}');
      const words = async (...args: string[]) => (await hosts([...inventory, ...args])).map(({ replace }) => replace);
      assert.deepEqual(await words(), [['mta'], []]);
      assert.deepEqual(await words('--replace', 'sasl'), [['sasl'], ['sasl']]);
    });

    it('an unknown word is an error with its line and column', async () => {
      writeFileSync(path, '{"hosts": {"a.test": {"replace": ["exim"]}}}');
      await assert.rejects(hosts(inventory), (error) => {
        assert.ok(error instanceof HardenMailError && error.code === 'INVENTORY_INVALID', String(error));
        assert.match(
          error.message,
          /:1:\d+: hosts\."a\.test"\.replace\.0: .*"sasl"\|"mechanisms"\|"certificate"\|"mta"/,
        );
        return true;
      });
    });
  });
});

describe('cli: --serve and --no-serve', () => {
  const MX = ['apply', '--host', 'mx.example.org'];
  for (const [args, serve, noServe] of [
    [['--serve', 'pop3,imap'], ['imap', 'pop3'], undefined],
    [['--no-serve', 'pop3'], undefined, ['pop3']],
    [['--no-serve=pop3', '--serve=smtp'], ['smtp'], ['pop3']],
    [['--no-serve', 'pop3', '--yes'], undefined, ['pop3']],
  ] as const)
    it(`${args.join(' ')} serves ${serve?.join(', ') ?? 'nothing more'} and switches off ${noServe?.join(', ') ?? 'nothing'}`, async () => {
      const [host] = await hosts([...MX, ...args]);
      assert.deepEqual([host?.serve, host?.noServe], [serve, noServe]);
    });

  it('a word that is no service is refused', async () => {
    await assert.rejects(hosts([...MX, '--no-serve', 'pop']), {
      code: 'USAGE',
      message: /^--no-serve: "pop" is not known/,
    });
    await assert.rejects(hosts([...MX, '--no-serve']), { code: 'USAGE' });
  });
});
