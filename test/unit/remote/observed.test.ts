import assert from 'node:assert/strict';
import { memoryRemote } from '../../../src/remote/memory.ts';
import type { RemoteCommand } from '../../../src/model/index.ts';
import { observed } from '../../../src/remote/observed.ts';

describe('remote: observed', () => {
  it('each script is reported with its name, time, sizes and status, and its answer passes through', async () => {
    const told: RemoteCommand[] = [];
    const host = memoryRemote({ name: 'mx1', run: () => ({ code: 3, stdout: 'ünd', stderr: '!' }) });
    const result = await observed(host, (one) => told.push(one)).run('säy', { name: 'greet', intent: 'read' });
    assert.deepEqual([result.code, result.stdout.toString()], [3, 'ünd']);
    const [{ seconds, ...rest } = assert.fail()] = told;
    assert.deepEqual(rest, { host: 'mx1', name: 'greet', sent: 4, received: 5, code: 3 });
    assert.ok(seconds >= 0);
  });

  it('a script without an answer is reported too, and its error passes through', async () => {
    const told: RemoteCommand[] = [];
    const lost = new Error('lost');
    const host = memoryRemote({ run: () => Promise.reject(lost) });
    await assert.rejects(observed(host, (one) => told.push(one)).run('x', { name: 'gather', intent: 'read' }), lost);
    assert.deepEqual([told[0]?.code, told.length], [null, 1]);
  });
});
