import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostKeys } from '../../../src/connect/host-keys.ts';
import { readSettings } from '../../../src/connect/ssh-config.ts';

describe('connect: RevokedHostKeys', () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  const line = (name: string): string => readFileSync(path(`${name}.pub`), 'utf8');
  const key = (name: string): Buffer => Buffer.from(line(name).split(' ')[1] ?? '', 'base64');

  before(function () {
    if (spawnSync('ssh-keygen', ['-?']).error) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'harden-mail-revoked-'));
    for (const name of ['good', 'bad']) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path(name)]);
    }
    writeFileSync(path('known'), `mx1 ${line('good')}mx1 ${line('bad')}`);
    writeFileSync(path('list'), `# stolen\nnonsense\n\n${line('bad')}`);
    execFileSync('ssh-keygen', ['-q', '-k', '-f', path('krl'), path('bad.pub')]);
    writeFileSync(path('broken-krl'), 'SSHKRL\n\0nonsense');
  });
  after(() => folder && rmSync(folder, { recursive: true }));

  async function check(list: string, name: string): Promise<void> {
    const known = { user: [path('known')], global: [] };
    const settings = { ...readSettings('', { hostname: 'mx1' }), knownHosts: known, revokedHostKeys: path(list) };
    await (await hostKeys(settings, true)).check(key(name));
  }

  for (const list of ['list', 'krl']) {
    it(`a known key that the ${list} holds is refused, and another known key is accepted`, async () => {
      await assert.rejects(check(list, 'bad'), {
        code: 'HOST_KEY_REVOKED',
        message: new RegExp(`^mx1:22: the host key is revoked by ${path(list)}: ssh-ed25519 SHA256:`),
      });
      await check(list, 'good');
    });
  }
  for (const list of ['absent', 'broken-krl']) {
    it(`no key is accepted while the file is unusable: ${list}`, () =>
      assert.rejects(check(list, 'good'), { code: 'USAGE', message: /RevokedHostKeys .* cannot be used: / }));
  }
});
