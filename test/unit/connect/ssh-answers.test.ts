/** `ssh -G` once for a fleet: the same settings as asked for each host, with fewer processes. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedAnswer } from '../../../src/connect/ssh-answers.ts';

const HOSTS = [
  'mx1.example.test',
  'mx2.example.test',
  'mx3.example.test',
  'other.test',
  '192.0.2.7',
  '2001:db8::1',
  'MX4',
];

/** Configurations, and how many processes the hosts need: one for each part that applies, or one for each host. */
const CONFIGURATIONS: readonly (readonly [what: string, text: string, asked: number])[] = [
  ['no line', '', 2], // capital letters are for ssh
  ['lines for all hosts', 'User admin\nIdentityFile ~/.ssh/%u_key\nControlPath ~/.ssh/master\n', 2],
  ['a part for some', 'Host mx*.example.test !mx3*\n  Port 2022\nHost *\n  User admin\n', 4],
  ['a part for one', 'Host other.test\n  HostName 192.0.2.1\nHost *\n  ProxyJump gate\n', 3],
  ['a name that another host has', 'Host mx*\n  HostName other.test\n', 4],
  ['a pattern in quotes', 'Host "mx1.example.test"\n  Port 2022\n', 3],
  ['a name with a token', 'Host mx*\n  HostName %h.internal\n', HOSTS.length],
  ['a file name with a token', 'ControlPath ~/.ssh/%r@%h\n', HOSTS.length],
  ['a condition', 'Match host mx1.example.test\n  Port 2022\n', HOSTS.length],
  ['names made canonical', 'CanonicalizeHostname yes\nCanonicalDomains example.test\n', HOSTS.length],
  ['a file that is included', 'Include FOLDER/mo*\n', 3],
];

describe('connect: ssh -G for a fleet', () => {
  let folder: string;
  before(function () {
    if (spawnSync('ssh', ['-V']).error) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'harden-mail-answers-'));
    writeFileSync(join(folder, 'more'), 'Host other.test\n  Port 2022\n');
  });
  after(() => folder && rmSync(folder, { recursive: true }));

  for (const [at, [what, text, expected]] of CONFIGURATIONS.entries()) {
    it(`every host has ssh's own answer from a configuration with ${what}`, async () => {
      const file = join(folder, `config-${at}`);
      writeFileSync(file, text.replace('FOLDER', folder));
      let asked = 0;
      const ask = ({ hostname, user }: { hostname: string; user?: string }): Promise<string> => {
        asked += 1;
        const args = ['-G', '-F', file, ...(user === undefined ? [] : ['-l', user]), '--', hostname];
        return Promise.resolve(execFileSync('ssh', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      };
      const answers = await Promise.all(HOSTS.map((hostname) => sharedAnswer({ hostname, file }, ask)));
      const processes = asked;
      for (const [n, hostname] of HOSTS.entries()) assert.equal(answers[n], await ask({ hostname }), hostname);
      assert.equal(processes, expected);
      const asRoot = { hostname: 'mx1.example.test', user: 'root' };
      assert.equal(await sharedAnswer({ ...asRoot, file }, ask), await ask(asRoot));
    });
  }

  it('after an error for one host the others are asked for themselves', async () => {
    const file = join(folder, 'config-error');
    writeFileSync(file, '');
    const ask = ({ hostname }: { hostname: string }): Promise<string> =>
      hostname === 'a' ? Promise.reject(new Error('ssh cannot resolve a')) : Promise.resolve(`host ${hostname}\n`);
    await assert.rejects(sharedAnswer({ hostname: 'a', file }, ask), /cannot resolve a/);
    assert.equal(await sharedAnswer({ hostname: 'b', file }, ask), 'host b\n');
  });

  it('without an ssh client no host has an answer', async () => {
    const file = join(folder, 'config-none');
    writeFileSync(file, '');
    for (const hostname of ['a', 'b'])
      assert.equal(await sharedAnswer({ hostname, file }, async () => undefined), undefined);
  });
});
