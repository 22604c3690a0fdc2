import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PATHS } from '../../../src/model/index.ts';
import { scriptText } from '../../../src/remote/scripts.ts';

const SOURCE = fileURLToPath(new URL('../../../src/', import.meta.url));
const SCRIPTS = readdirSync(SOURCE, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.sh'))
  .sort();

describe('remote: shell scripts', () => {
  it('a script sets the paths that it uses, and no other path', () => {
    const set = (name: string): string[] =>
      scriptText(name)
        .split('\n')
        .flatMap((line) => /^([A-Z_]+)=\/[^:]*$/.exec(line)?.[1] ?? []);
    assert.deepEqual(set('commit/launch.sh'), ['SYSTEMD', 'LOCK', 'TALKS']);
    assert.deepEqual(set('commit/preflight.sh'), []);
    assert.match(scriptText('commit/tx.sh'), /^#!\/bin\/sh\n/);
  });

  it('no path of a host needs quotes in a shell, and no two names mean the same path', () => {
    for (const path of Object.values(PATHS)) assert.match(path, /^\/[a-z0-9./_-]+$/);
    assert.equal(new Set(Object.values(PATHS)).size, Object.keys(PATHS).length);
  });

  for (const name of SCRIPTS)
    it(`${name} passes shellcheck, with its paths`, function () {
      this.timeout(60_000);
      if (spawnSync('shellcheck', ['--version']).error) this.skip();
      const { stdout } = spawnSync('shellcheck', ['-s', 'sh', '-x', '-P', dirname(join(SOURCE, name)), '-'], { input: scriptText(name), encoding: 'utf8' }); // oxfmt-ignore
      assert.equal(stdout, '');
    });
});
