import assert from 'node:assert/strict';
import { Chalk } from 'chalk';
import { frame, type Row } from '../../../src/terminal/frame.ts';

const SIGNS = { spinner: '*', done: '+', failed: 'x' };
const plain = new Chalk({ level: 0 });
const show = (rows: readonly Row[], height = 24): string[] => frame(rows, height, SIGNS, plain);

/** Hosts n1, n2, …: so many done, failed, at work and waiting, in this order; the first has been at work the longest. */
function hosts(done: number, failed: number, working: number, waiting: number): Row[] {
  const states = [
    ...Array<'done'>(done).fill('done'),
    ...Array<'failed'>(failed).fill('failed'),
    ...Array<'at work'>(working).fill('at work'),
    ...Array<'waiting'>(waiting).fill('waiting'),
  ];
  return states.map((state, at) => ({ name: `n${at + 1}`, state, step: 'gather', seconds: states.length - at }));
}

describe('report: a frame of the live progress', () => {
  it('one host takes one line', () => {
    assert.deepEqual(show([{ name: 'mx1', state: 'at work', step: 'gather', seconds: 1 }]), ['* mx1  gather']);
  });

  it('the seconds of a host are shown from five seconds on', () => {
    const [row] = show([{ name: 'mx1', state: 'at work', step: 'verify', seconds: 5.9 }]);
    assert.equal(row, '* mx1  verify  5 s');
  });

  it('a few hosts are all shown in their order, with the counts', () => {
    assert.deepEqual(show(hosts(1, 1, 1, 1)), [
      '+ n1',
      'x n2  gather',
      '* n3  gather',
      '  n4',
      '4 hosts: 1 done, 1 failed, 1 at work, 1 waiting',
    ]);
  });

  it('of 200 hosts the active ones are shown, the longest first, with the counts', () => {
    const lines = show(hosts(40, 5, 10, 145));
    assert.deepEqual(lines.slice(0, 2), ['* n46  gather  155 s', '* n47  gather  154 s']);
    assert.deepEqual(lines.slice(10), [
      '200 hosts: 40 done, 5 failed, 10 at work, 145 waiting',
      'x n41, n42, n43 and 2 more',
    ]);
  });

  it('a count of zero is not shown', () => {
    assert.equal(show(hosts(0, 0, 10, 190)).at(-1), '200 hosts: 10 at work, 190 waiting');
  });

  for (const height of [1, 2, 3, 5, 24, 50]) {
    it(`the frame never scrolls in ${height} lines`, () => {
      for (const amount of [1, 2, 3, 4, 22, 23, 24, 50, 200]) {
        for (const width of [1, 10, 50, 200]) {
          const working = Math.min(amount, width);
          const lines = show(hosts(0, amount - working, working, 0), height);
          assert.ok(lines.length >= 1 && lines.length <= Math.max(1, height - 1), `${amount} hosts: ${lines.length}`);
          if (amount > 1) assert.ok(lines.some((line) => line.startsWith(`${amount} hosts: `)));
        }
      }
    });
  }

  it('names and steps are escaped', () => {
    const row: Row = { name: 'a\u001b', state: 'at work', step: '\u001b[2J', seconds: 0 };
    assert.deepEqual(show([row]), ['* a\\u{1b}  \\u{1b}[2J']);
    for (const state of ['waiting', 'done', 'failed'] as const)
      assert.ok(
        !show([{ ...row, state }])
          .join()
          .includes('\u001b'),
      );
  });
});
