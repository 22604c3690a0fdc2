import assert from 'node:assert/strict';
import type { Scale } from '../../../src/fragments/fragment.ts';
import { FRAGMENTS } from '../../../src/fragments/index.ts';
import { asStrict, raised } from '../../../src/plan/merge/strictness.ts';

const LADDER: Scale = { by: 'ladder', rungs: ['none', 'may', 'encrypt'] };
const PROTOCOLS: Scale = { by: 'protocols' };
const MODE: Scale = { by: 'mode' };
const OLD = '!SSLv2, !SSLv3, !TLSv1, !TLSv1.1';

describe('plan: strictness', () => {
  for (const [scale, current, wanted, expected] of [
    [LADDER, 'none', 'may', false],
    [LADDER, 'may', 'may', true],
    [LADDER, 'encrypt', 'may', true],
    [LADDER, 'may', 'encrypt', false],
    [LADDER, 'None', 'may', false],
    [LADDER, 'ENCRYPT', 'may', true],
    [LADDER, 'fingerprint', 'may', null],
    [LADDER, '$level', 'may', null],
    [MODE, '0666', '0660', false],
    [MODE, '0661', '0660', false],
    [MODE, '0660', '0660', true],
    [MODE, '660', '0660', true],
    [MODE, '0600', '0660', true],
    [MODE, '0', '0660', true],
    [MODE, '02660', '0660', false],
    [MODE, 'rw-rw----', '0660', null],
    [MODE, '0680', '0660', null],
    [MODE, '', '0660', null],
    [PROTOCOLS, '>=TLSv1.2', '>=TLSv1.2', true],
    [PROTOCOLS, '>=TLSv1.3', '>=TLSv1.2', true],
    [PROTOCOLS, '>=TLSv1.1', '>=TLSv1.2', false],
    [PROTOCOLS, '>=TLSv1', '>=TLSv1.2', false],
    [PROTOCOLS, '<=TLSv1.2', '>=TLSv1.2', false],
    [PROTOCOLS, '>=TLSv1.2, <=TLSv1.2', '>=TLSv1.2', true],
    [PROTOCOLS, '>=0303', '>=TLSv1.2', true],
    [PROTOCOLS, '>=0x0304', '>=TLSv1.2', true],
    [PROTOCOLS, '>=0302', '>=TLSv1.2', false],
    [PROTOCOLS, '>=0305', '>=TLSv1.2', null],
    [PROTOCOLS, 'TLSv1.2', '>=TLSv1.2', true],
    [PROTOCOLS, 'TLSv1.2, TLSv1.3', '>=TLSv1.2', true],
    [PROTOCOLS, 'tlsv1.3:tlsv1.2', '>=TLSv1.2', true],
    [PROTOCOLS, 'TLSv1, TLSv1.2', '>=TLSv1.2', false],
    [PROTOCOLS, 'TLSv1, TLSv1.2, !TLSv1', '>=TLSv1.2', true],
    [PROTOCOLS, OLD, '>=TLSv1.2', true],
    [PROTOCOLS, '!SSLv2, !SSLv3', '>=TLSv1.2', false],
    [PROTOCOLS, '!SSLv2,!SSLv3,!TLSv1,!TLSv1.1,!TLSv1.2', '>=TLSv1.2', true],
    [PROTOCOLS, 'SSLv23', '>=TLSv1.2', null],
    [PROTOCOLS, '$protocols', '>=TLSv1.2', null],
    [PROTOCOLS, OLD, OLD, true],
    [PROTOCOLS, '!SSLv2, !SSLv3', OLD, false],
    [PROTOCOLS, `${OLD}, !TLSv1.2`, OLD, true],
    [PROTOCOLS, '>=TLSv1.2', OLD, false], // a Postfix that is asked for OLD cannot read this
    [PROTOCOLS, '>=TLSv1.3', OLD, false],
    [PROTOCOLS, '!SSLv3 !TLSv1 !TLSv1.1', '!SSLv3 !TLSv1 !TLSv1.1', true],
    [PROTOCOLS, '!SSLv2 !SSLv3', '!SSLv3 !TLSv1 !TLSv1.1', false],
  ] as const) {
    const verdict = { true: 'as strict as', false: 'laxer than', null: 'not comparable with' }[`${expected}`];
    it(`${current || 'nothing'} is ${verdict} ${wanted}`, () =>
      assert.equal(asStrict(current, wanted, scale), expected));
  }

  for (const [current, wanted, expected] of [
    ['!SSLv2, !SSLv3', '>=TLSv1.2', '>=TLSv1.2'],
    ['SSLv3, TLSv1', '>=TLSv1.2', '>=TLSv1.2'],
    ['TLSv1', OLD, OLD],
    ['!SSLv2, !SSLv3, !TLSv1.3', '>=TLSv1.2', '>=TLSv1.2, !TLSv1.3'],
    ['<=TLSv1.2', '>=TLSv1.2', '>=TLSv1.2, !TLSv1.3'],
    ['<=TLSv1.1', '>=TLSv1.2', '>=TLSv1.2'],
    ['>=TLSv1.3', OLD, `${OLD}, !TLSv1.2`],
    ['!SSLv2 !SSLv3', '!SSLv3 !TLSv1 !TLSv1.1', '!SSLv3 !TLSv1 !TLSv1.1 !SSLv2'],
  ] as const) {
    it(`${current} becomes ${expected}`, () => {
      assert.equal(raised(current, wanted, PROTOCOLS), expected);
      assert.equal(asStrict(expected, wanted, PROTOCOLS), true);
      assert.equal(raised(expected, wanted, PROTOCOLS), expected);
    });
  }

  it('a rung or a mode is raised to the wanted one', () => {
    assert.equal(raised('none', 'may', LADDER), 'may');
    assert.equal(raised('0666', '0660', MODE), '0660');
  });

  it('the wanted value of every fragment is on its own scale', () => {
    for (const { id, merge } of FRAGMENTS) {
      if (merge.how === 'at-least') assert.equal(asStrict(merge.value, merge.value, merge.scale), true, id);
    }
  });
});
