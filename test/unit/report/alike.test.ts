import assert from 'node:assert/strict';
import { alike, sharedBy, type Shown } from '../../../src/report/alike.ts';
import { EMPTY, facts, HOSTILE } from '../../support/report/results.ts';

const shown = (name: string, domain = name): Shown => ({ name, domain, facts, plan: EMPTY });
const names = (groups: readonly (readonly Shown[])[]): string[][] =>
  groups.map((group) => group.map(({ name }) => name));

describe('report: equal plans of several hosts', () => {
  it('plans that differ only in the domain of each host are shown once, in the order of the first', () => {
    const plans = [shown('mx1'), shown('other'), shown('mx2'), shown('mx3')];
    const text = ({ name, domain }: Shown): string =>
      name === 'other' ? 'another diff' : `+ live/${domain}/key of ${domain}`;
    assert.deepEqual(names(alike(plans, text)), [['mx1', 'mx2', 'mx3'], ['other']]);
  });

  it('plans that differ in anything else are shown separately', () => {
    const text = ({ name }: Shown): string => `+ relayhost = ${name}`;
    assert.deepEqual(names(alike([shown('a', 'mail.test'), shown('b', 'mail.test')], text)), [['a'], ['b']]);
  });

  it('up to three names of the hosts are shown', () => {
    const many = Array.from({ length: 40 }, (_, n) => shown(`mx${n + 1}`));
    assert.deepEqual(sharedBy(many.slice(0, 1)), []);
    assert.deepEqual(sharedBy(many.slice(0, 2)), ['mx1, mx2: the same plan, except for the domain of each']);
    assert.deepEqual(sharedBy(many), ['mx1, mx2, mx3 and 37 more: the same plan, except for the domain of each']);
    assert.doesNotMatch(sharedBy([shown(HOSTILE), shown('b')]).join(''), /[\u001b\u202e]/);
  });
});
