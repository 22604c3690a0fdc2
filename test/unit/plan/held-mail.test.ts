import assert from 'node:assert/strict';
import type { Plan } from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { foresee } from '../../../src/plan/upgrade/foresee.ts';
import { host } from '../../support/plan/host.ts';

const MAIN = '/etc/postfix/main.cf';
const LINES =
  '# harden-mail: mail that fails waits in the queue, and is not returned; the next apply removes these two lines\nsoft_bounce = yes\n';

const filesWith = (main: string) => ({
  [MAIN]: main,
  '/etc/postfix/master.cf': 'smtp inet n - y - - smtpd\n',
  '/etc/dovecot/dovecot.conf': 'disable_plaintext_auth = yes\n',
});

function planned(main: string, prepares?: string): Plan {
  const { snapshot, policy } = host(filesWith(main), {});
  return compose(snapshot, prepares === undefined ? policy : { ...policy, prepares });
}

const mainOf = (plan: Plan): string => plan.changes.find(({ path }) => path === MAIN)?.after ?? '';
const heldOf = (plan: Plan) => plan.settings.filter(({ setting }) => setting === 'soft_bounce');
const notesOf = (plan: Plan) => plan.notes.filter(({ text }) => text.includes('waits in the queue'));

describe('plan: mail that waits in the queue', () => {
  it('apply --prepare-upgrade writes the two lines as the last ones, besides the recipe', () => {
    for (const main of ['', 'myhostname = mx1\n', 'myhostname = mx1']) {
      const [plain, prepared] = [planned(main), planned(main, 'trixie')];
      assert.equal(mainOf(prepared), `${mainOf(plain)}${LINES}`);
      assert.deepEqual(
        heldOf(prepared).map(({ before, after }) => [before, after]),
        [[null, 'yes']],
      );
      assert.match(notesOf(prepared)[0]?.text ?? '', /until the apply after the upgrade to trixie$/);
    }
  });

  it('a second apply --prepare-upgrade changes nothing, and an apply without it removes the lines', () => {
    const prepared = mainOf(planned('', 'trixie'));
    const again = planned(prepared, 'trixie');
    assert.equal(
      again.changes.find(({ path }) => path === MAIN),
      undefined,
    );
    assert.deepEqual(heldOf(again), []);
    const after = planned(prepared);
    assert.equal(mainOf(after), mainOf(planned('')));
    assert.deepEqual(
      heldOf(after).map(({ before, after: to }) => [before, to]),
      [['yes', null]],
    );
    assert.match(notesOf(after)[0]?.text ?? '', /this plan ends that once Dovecot runs$/);
  });

  it('apply --prepare-upgrade leaves soft_bounce = yes alone, and refuses soft_bounce = no', () => {
    assert.equal(mainOf(planned('soft_bounce = yes\n', 'trixie')), mainOf(planned('soft_bounce = yes\n')));
    assert.throws(() => planned('soft_bounce = no\n', 'trixie'), {
      code: 'CONFIG_CONFLICT',
      message: /main\.cf:1 sets soft_bounce = no/,
    });
  });

  it('check --upgrade-to says how to keep mail, and that a host is prepared', () => {
    const told = (main: string): string[] => {
      const { snapshot, policy } = host(filesWith(main), {});
      return foresee(snapshot, policy, 'trixie', 'mx1', []).notes.flatMap(({ level, text, task }) =>
        task === 'restart' ? [`${level}: ${text}`] : [],
      );
    };
    assert.match(told('')[0] ?? '', /^info: .*`harden-mail apply --prepare-upgrade trixie` right before the upgrade/);
    assert.match(told('mailbox_command = /usr/lib/dovecot/dovecot-lda\n')[0] ?? '', /^warning: .* is returned to its senders\. `harden-mail apply --prepare-upgrade trixie`/); // oxfmt-ignore
    assert.match(told(LINES)[0] ?? '', /^info: the host is prepared/);
  });
});
