import assert from 'node:assert/strict';
import { notCommitted } from '../../../src/run/endings.ts';

const PUT_BACK = { id: 't1', state: 'rolled-back', step: 'sessions', reason: 'alice has no session' } as const;
const said = (apt?: { installed: string[]; removed: string[] }): string[] => {
  const ending = notCommitted('mx', PUT_BACK, apt);
  assert.equal(ending.kind, 'failed');
  return ending.kind === 'failed' ? [ending.message, ending.hint] : [];
};

describe('run: the message of a transaction that was rolled back', () => {
  it('the message says "as it was" of a host where only files changed', () => {
    const [message, hint] = said({ installed: [], removed: [] });
    assert.equal(message, 'mx was put back as it was (at sessions): alice has no session');
    assert.equal(hint, 'Fix the cause and run again.');
    assert.deepEqual(said(), [message, hint]);
  });

  it('the message names the packages that apt installed and removed before, which stay so', () => {
    assert.deepEqual(said({ installed: ['postfix'], removed: ['exim4-daemon-light'] }), [
      'the files of mx were put back (at sessions), its packages were not: alice has no session',
      'The packages stay as they are now: postfix installed, exim4-daemon-light removed. Fix the cause and run again.',
    ]);
  });
});
