/** The end of the process: quiet without a reader, and certain. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** Starts the program with standard output closed, as `| head` leaves it. */
async function withoutReader(...args: string[]): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const stderr: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stderr: Buffer.concat(stderr).toString() };
}

describe('the end of the process', function () {
  this.timeout(60_000);

  it('a run whose reader has gone ends with its own exit code and without a stack', async () => {
    assert.deepEqual(await withoutReader('explain'), { code: 0, stderr: '' });
    const { code, stderr } = await withoutReader('check', '--host', 'nosuch.invalid', '--quiet');
    assert.equal(code, 4);
    assert.doesNotMatch(stderr, /EPIPE|at /);
  });

  it('a run whose output meets a full disk continues to its end, says so in one line, and does not end with 0', () => {
    const full = openSync('/dev/full', 'w');
    for (const [args, ends] of [
      [['explain'], 1],
      [['check', '--host', 'nosuch.invalid'], 4],
    ] as const) {
      const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', MAIN, ...args], { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' }); // oxfmt-ignore
      assert.equal(status, ends, stderr);
      const lines = stderr.split('\n').filter((line) => !line.startsWith('nosuch.invalid: '));
      assert.deepEqual(lines, ['harden-mail: standard output cannot be written: ENOSPC: no space left on device, write', '']); // oxfmt-ignore
    }
    assert.equal(spawnSync(process.execPath, ['--import', 'tsx', MAIN, 'nosuch'], { stdio: ['ignore', 'ignore', full] }).status, 3); // oxfmt-ignore
    closeSync(full);
  });
});
