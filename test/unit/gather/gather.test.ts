import assert from 'node:assert/strict';
import { gather } from '../../../src/gather/gather.ts';
import { parseSnapshot } from '../../../src/gather/parse-snapshot.ts';
import { memoryRemote } from '../../../src/remote/memory.ts';

const WHOLE = '@now 10\n1800000000\n@end 0\n\n';

describe('gather: reading a host', () => {
  const looks = (...answers: string[]) => {
    let asked = 0;
    const remote = memoryRemote({ run: () => ({ stdout: answers[asked++] ?? '' }) });
    return { remote, asked: () => asked };
  };

  it('an incomplete answer is read again', async () => {
    const { remote, asked } = looks('@now 10\n18000', WHOLE);
    assert.equal((await gather(remote, {}, parseSnapshot)).facts.now, 1_800_000_000);
    assert.equal(asked(), 2);
  });

  it('an incomplete answer is read three times and no more', async () => {
    const { remote, asked } = looks();
    await assert.rejects(
      gather(remote, {}, parseSnapshot),
      /reading the host's files failed: the answer is incomplete/,
    );
    assert.equal(asked(), 3);
  });

  it('a script that fails is not run again', async () => {
    let asked = 0;
    const remote = memoryRemote({ run: () => ({ code: ++asked, stderr: 'no such shell' }) });
    await assert.rejects(gather(remote, {}, parseSnapshot), /reading memory failed with status 1: no such shell/);
    assert.equal(asked, 1);
  });
});
