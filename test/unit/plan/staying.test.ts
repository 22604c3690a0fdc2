import assert from 'node:assert/strict';
import type { Change, Listener } from '../../../src/model/index.ts';
import { staying } from '../../../src/plan/serving/staying.ts';
import { host } from '../../support/plan/host.ts';

const MASTER = '/etc/postfix/master.cf';
const SMTP = 'smtp inet n - y - - smtpd\n';
const SUBMISSION = 'submission inet n - y - - smtpd\n';
const SMTPS = '465 inet n - y - - smtpd\n';

/** Of a host that has these entries and holds these ports, when it goes back to other entries; null: to the same. */
function left(now: string, back: string | null, held: readonly (readonly [number, string])[]): number[] {
  const listeners = held.map(([port, process]): Listener => ({ address: '0.0.0.0', port, process }));
  const change: Change = { path: MASTER, target: MASTER, before: now, after: back, sha256: '', mode: '0644', owner: 'root:root' }; // oxfmt-ignore
  return staying(
    host({ '/etc/postfix/main.cf': '', [MASTER]: now }, { listeners }).snapshot,
    back === null ? [] : [change],
  );
}

describe('plan: ports that stay open after a rollback', () => {
  const both = [[465, 'master'], [587, 'master']] as const; // oxfmt-ignore

  it('a port that apply opened is closed, and a port of the administrator stays open', () => {
    assert.deepEqual(left(SMTP + SUBMISSION + SMTPS, SMTP + SUBMISSION, both), [587]);
    assert.deepEqual(left(SMTP + SUBMISSION + SMTPS, SMTP + SMTPS, both), [465]);
    assert.deepEqual(left(SMTP + SUBMISSION + SMTPS, SMTP, both), []);
  });

  it('every port stays open when master.cf does not change', () =>
    assert.deepEqual(left(SMTP + SUBMISSION + SMTPS, null, both), [465, 587]));

  it('a port of an entry for one address stays open', () => {
    assert.deepEqual(left(SMTP, `${SMTP}127.0.0.1:587 inet n - y - - smtpd\n`, [[587, 'master']]), [587]);
  });

  it('an entry without a listener does not count, and neither does an entry of another type', () => {
    assert.deepEqual(left(SMTP + SUBMISSION, SMTP + SUBMISSION, []), []);
    assert.deepEqual(left(SMTP + SUBMISSION, `${SMTP}submission unix n - y - - smtpd\n`, [[587, 'master']]), []);
  });

  it('a port of another program stays open', () => {
    assert.deepEqual(left(SMTP, SMTP, [[587, 'dovecot']]), [587]);
  });
});
