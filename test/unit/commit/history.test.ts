import assert from 'node:assert/strict';
import { parseHistory } from '../../../src/commit/read-history.ts';

const code = (text: string): string => Buffer.from(text).toString('base64');

describe('commit: history', () => {
  it('a transaction lists what apt installed and removed in its run, and nothing when apt did nothing', () => {
    const [without, having] = parseHistory(
      [
        `tx t1 committed ${code('ann\n')} `,
        `apt ${code('installed postfix\ninstalled certbot\nremoved exim4-daemon-light\n')}`,
        `file edit 0644 root:root /etc/x - ${code('a')} ${code('b')}`,
        `tx t2 committed ${code('ann\n')} `,
        '',
      ].join('\n'),
    );
    assert.deepEqual([having?.installed, having?.removed], [['postfix', 'certbot'], ['exim4-daemon-light']]);
    assert.equal(having?.changes.length, 1);
    assert.ok(without && !('installed' in without) && !('removed' in without));
  });
});
