import assert from 'node:assert/strict';
import type { Finding } from '../../../src/model/index.ts';
import { regressions } from '../../../src/run/regressions.ts';

type Brief = readonly [port: number, check: string, status: Finding['status']];
const findings = (...all: readonly Brief[]): Finding[] =>
  all.map(([port, check, status]) => ({ port, check, status, text: '', via: 'direct' }));
const undone = (before: readonly Brief[], after: readonly Brief[]): string[] =>
  regressions(findings(...before), findings(...after)).map(({ port, check }) => `${port} ${check}`);

describe('run: an apply is undone', () => {
  const LOGIN: Brief = [993, 'login', 'pass'];

  it('when a mailbox, a maildrop or sending worked before and fails now', () => {
    for (const [port, check] of [
      [993, 'mailbox'],
      [995, 'maildrop'],
      [465, 'send'],
    ] as const) {
      const login: Brief = [port, 'login', 'pass'];
      assert.deepEqual(undone([login, [port, check, 'pass']], [login, [port, check, 'fail']]), [`${port} ${check}`]);
    }
  });

  it("when a mailbox is read-only now, or the user's own address is refused now", () => {
    assert.deepEqual(undone([LOGIN, [993, 'mailbox', 'pass']], [LOGIN, [993, 'mailbox', 'warn']]), ['993 mailbox']);
    assert.deepEqual(undone([[465, 'send', 'pass']], [[465, 'send', 'warn']]), ['465 send']);
  });

  it('when a login worked before and fails now, and the mailbox is not judged', () => {
    assert.deepEqual(undone([LOGIN, [993, 'mailbox', 'pass']], [[993, 'login', 'fail']]), ['993 login']);
  });

  it('when no login worked before, and a user who can log in now has no mailbox', () => {
    for (const before of [
      [],
      [[993, 'login', 'fail']],
      [[993, 'login', 'hint']],
      [[993, 'answers', 'fail']],
    ] as Brief[][])
      assert.deepEqual(undone(before, [LOGIN, [993, 'mailbox', 'fail']]), ['993 mailbox']);
  });
});

describe('run: an apply is not undone', () => {
  it('when the mailbox failed before as well', () => {
    const session: Brief[] = [
      [993, 'login', 'pass'],
      [993, 'mailbox', 'fail'],
    ];
    assert.deepEqual(undone(session, session), []);
  });

  it('when sending fails on a port without a login before', () => {
    assert.deepEqual(undone([[465, 'answers', 'fail']], [[465, 'login', 'pass'], [465, 'send', 'fail']]), []); // oxfmt-ignore
  });

  it('when a policy defers what was accepted before', () => {
    assert.deepEqual(undone([[465, 'send', 'pass']], [[465, 'send', 'hint']]), []);
  });

  it("when the user's own address was refused before", () => {
    assert.deepEqual(undone([[465, 'send', 'warn']], [[465, 'send', 'warn']]), []);
  });
});
