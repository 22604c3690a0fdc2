import assert from 'node:assert/strict';
import { disagreements, outageDifferences } from '../../../scripts/compare/rehearse/outcome.ts';
import type { LivedAct } from '../../../scripts/compare/rehearse/outcome.ts';
import type { ActFile } from '../../../src/model/index.ts';

const file = (diff: string): ActFile => ({ path: '/etc/postfix/main.cf', mode: '0644', owner: 'root:root', diff });
const act = (more: Partial<LivedAct> = {}): LivedAct => ({
  ...{ name: 'apply', seconds: 1, faults: [], notes: [], outages: [], files: [], masked: [] },
  ...more,
});
const found = (said: Partial<LivedAct>, was: Partial<LivedAct>): string[] =>
  disagreements({ good: !said.faults, acts: [act(said)] }, { good: !was.faults, acts: [act(was)] });

describe('compare:rehearse: where a rehearsal and the host disagree', () => {
  it('a line of a diff agrees if it is the line of the host, or that line without its secret', () => {
    const [own, masked] = [file(' # word hunter2\n+a = 1\n'), file(' # (a comment of the host)\n+a = 1\n')];
    assert.deepEqual(found({ files: [own] }, { files: [own], masked: [masked] }), []);
    assert.deepEqual(found({ files: [masked] }, { files: [own], masked: [masked] }), []);
    const other = file(' # (a comment of the host)\n+a = 2\n');
    assert.deepEqual(found({ files: [other] }, { files: [own], masked: [masked] }), [
      'apply: /etc/postfix/main.cf changes in another way: +a = 2',
    ]);
  });

  it('a file that only one of them changes, another mode, and a line more or less are disagreements', () => {
    const one = file('+a = 1\n');
    assert.deepEqual(found({ files: [one] }, {}), ['apply: /etc/postfix/main.cf changes only in the rehearsal']);
    assert.equal(found({ files: [one] }, { files: [{ ...one, mode: '0600' }], masked: [one] }).length, 1);
    assert.equal(found({ files: [one] }, { files: [file('+a = 1\n+b = 1\n')], masked: [] }).length, 1);
  });

  it('a verdict, an act that fails on one side, and a note of the host that the rehearsal lacks are disagreements', () => {
    assert.deepEqual(found({}, { faults: ['993 is closed'] }), [
      'verdict: good in the rehearsal, bad on the host',
      'apply: good in the rehearsal, 993 is closed on the host',
    ]);
    assert.deepEqual(found({ notes: ['works'] }, { notes: ['Dovecot does not run'] }), [
      'apply: only on the host: Dovecot does not run',
    ]);
    const refused = { good: false, acts: [], refusal: 'port 465 is held' };
    assert.deepEqual(disagreements(refused, { ...refused, refusal: 'port 465 is held' }), []);
  });

  it('an outage may be two seconds longer or shorter on the host', () => {
    const of = (seconds: number) => ({ good: true, acts: [act({ outages: [{ port: 25, seconds }] })] });
    assert.deepEqual(outageDifferences(of(5), of(7)), []);
    assert.deepEqual(outageDifferences(of(5), of(7.1)), [
      'apply: 25 was out for 5 s in the rehearsal, 7.1 s on the host',
    ]);
    assert.equal(outageDifferences({ good: true, acts: [act()] }, of(2.5)).length, 1);
  });
});
