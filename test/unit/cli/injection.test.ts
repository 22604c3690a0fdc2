/** 10,000 values of an inventory with shell and terminal tricks, as far as this machine. On the host: test/e2e/ssh. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Process } from '../../../src/terminal/process.ts';
import { route } from '../../../src/connect/route.ts';
import { inventorySchema } from '../../../src/inventory/inventory-schema.ts';
import { OBEYED, tricks } from '../../support/tricks.ts';

const FIELDS = ['name', 'hostname', 'user', 'identity', 'domain', 'email', 'acmeServer', 'profile', 'other'] as const;
const VALUES = 10_000;
const BATCH = 500;

describe('an inventory with shell and terminal tricks', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-tricks-'));
  const canary = join(folder, 'canary');
  const inventory = join(folder, 'inventory.json');
  after(() => rmSync(folder, { recursive: true }));
  const values = fc.sample(tricks(canary), { numRuns: VALUES, seed: 20261124 });

  /** A host with the value in one place, and nobody at the port. */
  const hostWith = (value: string, at: number): [string, object] => {
    const field = FIELDS[at % FIELDS.length] ?? 'name';
    const plain = { hostname: '127.0.0.1', port: 1 };
    return field === 'name' ? [value, plain] : [`host${at}`, { ...plain, [field]: value }];
  };
  const taken = (host: [string, object]): boolean =>
    inventorySchema.safeParse({ hosts: Object.fromEntries([host]) }).success;

  async function run(hosts: readonly [string, object][], ...flags: string[]): Promise<{ code: number; said: string }> {
    writeFileSync(inventory, JSON.stringify({ hosts: Object.fromEntries(hosts) }));
    let said = '';
    const stream = { write: (text: string) => (said += text) };
    const process = { env: {}, stdin: {}, stdout: stream, stderr: stream, signal: new AbortController().signal };
    const args = ['check', '--inventory', inventory, '--ssh-config', 'none', '--forks', '50', ...flags];
    const { main } = await import('../../../src/cli/cli.ts'); // imported as it imports the rest itself, else there are two of each
    const code = await main(args, process as unknown as Process);
    return { code, said };
  }

  const hosts = values.map(hostWith);
  const good = hosts.filter(taken);

  it('a refused value is shown without control characters, and no command is run', async () => {
    const bad = hosts.filter((host) => !good.includes(host));
    assert.ok(bad.length > VALUES / 2, `${bad.length} refused`);
    for (let at = 0; at < bad.length; at += BATCH) {
      const { code, said } = await run(bad.slice(at, at + BATCH));
      assert.equal(code, 3, said.slice(0, 3000));
      assert.doesNotMatch(said, OBEYED);
    }
    assert.ok(!existsSync(canary));
  });

  it('an accepted value stays a plain value everywhere and is shown without control characters', async () => {
    assert.ok(good.length > 100, `${good.length} taken`);
    const near = good.filter(([, host]) => (host as { hostname: string }).hostname === '127.0.0.1').slice(0, 25);
    for (const format of [['--json'], ['--debug']]) {
      const { code, said } = await run(near, ...format);
      assert.equal(code, 4);
      assert.ok(near.every(([name]) => said.includes(name) || /[^\x20-\x7e]|["\\]/.test(name)));
      assert.doesNotMatch(said, OBEYED);
    }
    assert.ok(!existsSync(canary));
  });

  it('ssh returns each accepted host name unchanged or refuses it', async () => {
    const names = good
      .map(([, host]) => (host as { hostname: string }).hostname)
      .filter((name) => name !== '127.0.0.1');
    const config = join(folder, 'config');
    writeFileSync(config, 'Host *\n  UserKnownHostsFile none\n');
    for (const hostname of names.slice(0, 20)) {
      const hops = await route({ hostname, file: config }, () => {}).catch(({ code }: { code: string }) => code);
      if (hops !== 'USAGE') assert.equal(typeof hops === 'string' ? hops : hops[0]?.original, hostname);
    }
    assert.ok(names.length > 5 && !existsSync(canary), `${names.length} names`);
  });
});
