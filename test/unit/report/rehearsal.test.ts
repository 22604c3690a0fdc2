import assert from 'node:assert/strict';
import { Chalk } from 'chalk';
import { outageText, rehearsalLines } from '../../../src/report/rehearsal-lines.ts';

describe('report: a rehearsal', () => {
  it('ports that were out for the same time are named together, the longest time first', () => {
    const outages = [
      { port: 25, seconds: 1.6 },
      { port: 143, seconds: 82 },
      { port: 465, seconds: 1.6 },
      { port: 993, seconds: 82 },
    ];
    assert.equal(outageText(outages), 'out: 143, 993 for 82 s; 25, 465 for 1.6 s');
  });

  it('the last line names the machine that played it, if it is another one', () => {
    const played = { good: true, verdict: 'all worked', release: 'trixie', acts: [], sameDiff: true, differences: [], unrehearsed: [] }; // oxfmt-ignore
    const last = (on: object): string | undefined =>
      rehearsalLines('mx1', { ...played, ...on }, new Chalk({ level: 0 })).at(-1);
    assert.equal(last({}), 'mx1  good: all worked. Nothing was written on the host.');
    assert.equal(
      last({ on: 'root@lab1' }),
      'mx1  good: all worked. Played on root@lab1. Nothing was written on the host.',
    );
  });
});
