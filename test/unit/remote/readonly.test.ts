import assert from 'node:assert/strict';
import { memoryRemote } from '../../../src/remote/memory.ts';
import { readOnly } from '../../../src/remote/readonly.ts';

describe('remote: readOnly', () => {
  const sent: string[] = [];
  const remote = readOnly(
    memoryRemote({
      run: (script) => {
        sent.push(script);
        return { code: 3, stdout: 'out', stderr: 'err' };
      },
    }),
  );

  it('a script that reads runs, and its answer is unchanged', async () => {
    const result = await remote.run('cat x', { name: 'cat', intent: 'read' });
    assert.deepEqual(result, { code: 3, stdout: Buffer.from('out'), stderr: Buffer.from('err') });
    assert.deepEqual(sent, ['cat x']);
  });

  it('a script that writes throws a bug before anything is sent', async () => {
    sent.length = 0;
    await assert.rejects(remote.run('rm x', { name: 'rm', intent: 'write' }), (error: Error) => {
      assert.match(error.message, /^bug: a dry run tried to write/);
      assert.equal(error.name, 'Error');
      return true;
    });
    assert.deepEqual(sent, []);
  });
});
