import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';
import { TASKS, type Finding } from '../../../src/model/index.ts';
import { tasksOf } from '../../../src/cli/run-options.ts';
import { chooseTasks, listTasks } from '../../../src/cli/task-selection.ts';
import { excuse } from '../../../src/run/excuse.ts';

describe('cli: --tags and --skip-tags', () => {
  const chosen: [tags: string | undefined, skip: string | undefined, tasks: string[]][] = [
    [undefined, undefined, [...TASKS]],
    ['all', undefined, [...TASKS]],
    ['smtps,sasl', undefined, ['sasl', 'smtps']],
    [' sasl , ,smtps', undefined, ['sasl', 'smtps']],
    [undefined, 'install,certbot', ['sasl', 'starttls', 'smtps', 'plaintext', 'dovecot-ssl', 'restart']],
    ['sasl,smtps', 'smtps', ['sasl']],
  ];
  for (const [tags, skip, tasks] of chosen) {
    it(`${tags ?? 'no tags'} without ${skip ?? 'any'} selects ${tasks.join(', ')}`, () => {
      assert.deepEqual(chooseTasks(tags, skip), tasks);
    });
  }

  const refused: [tags: string | undefined, skip: string | undefined, message: RegExp][] = [
    ['smpts', undefined, /^--tags: "smpts" is not a task: did you mean "smtps"\?$/],
    [undefined, 'dovecotssl', /^--skip-tags: "dovecotssl" is not a task: did you mean "dovecot-ssl"\?$/],
    ['postgres', undefined, /^--tags: "postgres" is not a task$/],
    ['', undefined, /names no task/],
    ['sasl', 'sasl', /no task remains/],
    [undefined, 'all', /no task remains/],
  ];
  for (const [tags, skip, message] of refused) {
    it(`the pair ${JSON.stringify([tags, skip])} is refused with a reason`, () => {
      assert.throws(
        () => chooseTasks(tags, skip),
        (error) => error instanceof HardenMailError && error.code === 'USAGE' && message.test(error.message),
      );
    });
  }

  for (const option of ['upgrade-to', 'prepare-upgrade'] as const)
    it(`--${option} needs every task`, () => {
      assert.deepEqual(tasksOf({ [option]: 'trixie' }), [...TASKS]);
      assert.throws(() => tasksOf({ [option]: 'trixie', tags: 'sasl' }), { code: 'USAGE', message: new RegExp(`^--${option} needs the whole recipe`) }); // oxfmt-ignore
    });

  it('the list of tasks has one line for each task', () => {
    assert.equal(
      listTasks(['smtps', 'restart']),
      'smtps        Port 465: submission inside TLS from the first byte\nrestart      The daemons run with the configuration on disk\n',
    );
    assert.equal(listTasks(TASKS).split('\n').length, TASKS.length + 1);
  });

  it('the list of tasks is available as JSON', () => {
    assert.deepEqual(JSON.parse(listTasks(['smtps'], true)), {
      version: 1,
      tasks: [{ name: 'smtps', title: 'Port 465: submission inside TLS from the first byte' }],
    });
  });

  it('a failed check that a skipped task would fix becomes a warning, unless the check passed before', () => {
    const finding = (port: number, check: string, status: Finding['status']): Finding => ({
      port,
      check,
      status,
      text: 'x',
      via: 'direct',
    });
    const now = [finding(465, 'answers', 'fail'), finding(25, 'answers', 'fail'), finding(993, 'tls', 'pass')];
    assert.deepEqual(
      excuse(now, ['smtps'], []).map(({ status, text }) => [status, text]),
      [
        ['warn', 'x (smtps is left out)'],
        ['fail', 'x'],
        ['pass', 'x'],
      ],
    );
    assert.deepEqual(excuse(now, ['smtps'], [finding(465, 'answers', 'pass')]), now);
    assert.deepEqual(excuse(now, [], []), now);
    // Both ports for users are of smtps, and so is who logs in there.
    for (const check of ['answers', 'tls', 'auth']) {
      const [seen] = excuse([finding(587, check, 'fail')], ['smtps'], []);
      assert.equal(seen?.text, 'x (smtps is left out)', check);
    }
  });
});
