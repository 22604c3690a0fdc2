import assert from 'node:assert/strict';
import { outageText } from '../../../src/report/rehearsal-lines.ts';

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
});
