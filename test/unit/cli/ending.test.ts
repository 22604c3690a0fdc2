/** The end of the process: quiet without a reader, and certain. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
});
