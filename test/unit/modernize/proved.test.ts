import assert from 'node:assert/strict';
import { POSTFIX_RULES } from '../../../src/modernize/rules.ts';
import { GRADES, GROUPS, LEVELS, NOTHING_WRITTEN, VALUES, WITHOUT_EFFECT } from '../../support/postfix-words.ts';

/** Of test/upgrade/postfix-words.test.ts: mail is refused, and mended. */
const REFUSED = ['reject_maps_rbl', 'check_relay_domains', 'permit_naked_ip_address'];

describe('the rules of what versions of Postfix change', () => {
  const sessions = GROUPS.flatMap(({ looks }) => looks.flatMap(({ rules }) => rules));
  const values = [
    ...VALUES.map(([name]) => name),
    ...LEVELS.flatMap((file) => file.flatMap(([switches]) => Object.keys(switches))),
    ...Object.keys(WITHOUT_EFFECT),
    ...GRADES,
  ];
  const names = POSTFIX_RULES.map(({ what }) => what);

  it('each has a session on real hosts, or values that are compared there, or writes nothing', () => {
    const proved = new Set([...REFUSED, ...sessions, ...values, ...Object.keys(NOTHING_WRITTEN)]);
    assert.deepEqual(
      names.filter((name) => !proved.has(name)),
      [],
    );
    assert.deepEqual(
      [...proved].filter((name) => !names.includes(name)),
      [],
    );
  });

  it('each that writes nothing says why', () => {
    const silent = POSTFIX_RULES.filter(({ step }) => step.how === 'tell' || step.how === 'keep');
    assert.deepEqual(silent.map(({ what }) => what).toSorted(), Object.keys(NOTHING_WRITTEN).toSorted());
  });
});
