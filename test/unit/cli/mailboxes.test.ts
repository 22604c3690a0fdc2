import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';
import { mailboxesOf } from '../../../src/cli/run-options.ts';

describe('cli: --record, --all-users and --no-mailboxes', () => {
  it('a sample of users is compared, unless all or nobody is asked for; a list is kept only by --record', () => {
    assert.deepEqual(mailboxesOf({ mailboxes: true }), { record: false, mailboxes: 'sample' });
    assert.deepEqual(mailboxesOf({ mailboxes: true, 'all-users': true }), { record: false, mailboxes: 'all' });
    assert.deepEqual(mailboxesOf({ mailboxes: false }), { record: false, mailboxes: null });
    assert.deepEqual(mailboxesOf({ 'upgrade-to': 'trixie', record: true, 'all-users': true }), { record: true, mailboxes: 'all' }); // oxfmt-ignore
  });

  const refused: [flags: Parameters<typeof mailboxesOf>[0], message: RegExp][] = [
    [{ record: true }, /^--record belongs to `check --upgrade-to RELEASE`/],
    [{ 'upgrade-to': 'trixie', 'all-users': true }, /add --record$/],
    [{ 'all-users': true, mailboxes: false }, /not both$/],
  ];
  for (const [flags, message] of refused) {
    it(`${JSON.stringify(flags)} is refused with a reason`, () => {
      assert.throws(
        () => mailboxesOf(flags),
        (error) => error instanceof HardenMailError && error.code === 'USAGE' && message.test(error.message),
      );
    });
  }
});
