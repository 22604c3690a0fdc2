/** The Debian that a copy is made from. */
import assert from 'node:assert/strict';
import { baseOf, nearestOf, unprovenBy, withVersionsOf } from '../../../src/run/rehearsal/base.ts';

const os = (id: string, codename: string) => ({ os: { id, codename, versionId: '', pretty: `${id} ${codename}` } });

describe('rehearse: the release of the copy', () => {
  it('a Debian is copied as itself, and nothing about it is unproven', () => {
    const base = baseOf(os('debian', 'bookworm'), 'trixie');
    assert.deepEqual(base, { release: 'bookworm', goal: 'trixie' });
    assert.deepEqual([nearestOf(base), unprovenBy(base)], [{}, []]);
  });

  it('an Ubuntu is copied as the nearest Debian, and the report begins with what that does not prove', () => {
    const base = baseOf(os('ubuntu', 'jammy'));
    assert.deepEqual(base, { release: 'bookworm', ubuntu: 'jammy' });
    assert.deepEqual(nearestOf(base), { nearest: { host: 'Ubuntu 22.04', copy: 'Debian 12' } });
    const [first, ...more] = unprovenBy(base);
    assert.match(first ?? '', /^Ubuntu 22\.04 itself: the copy is Debian 12 with Ubuntu's identity, .*builds and patches.*AppArmor.*Postfix 3\.6 and Dovecot 2\.3\.16 instead of 3\.7 and 2\.3\.19$/); // oxfmt-ignore
    assert.deepEqual(more, []);
  });

  it('the upgrade of an Ubuntu is that of the nearest Debians, and the report says so', () => {
    const base = baseOf(os('ubuntu', 'noble'), 'resolute');
    assert.deepEqual(base, { release: 'bookworm', goal: 'trixie', ubuntu: 'noble', ubuntuGoal: 'resolute' });
    assert.deepEqual(nearestOf(base).nearest?.goal, 'Debian 13');
    assert.match(unprovenBy(base)[1] ?? '', /^the upgrade to Ubuntu 26\.04 itself: the copy goes from Debian 12 to Debian 13, .*do-release-upgrade, nor Dovecot 2\.4\.2 instead of 2\.4\.1$/); // oxfmt-ignore
  });

  it('an upgrade between two Ubuntus with the same nearest Debian is refused, because it would prove nothing', () => {
    assert.throws(() => baseOf(os('ubuntu', 'jammy'), 'noble'), {
      code: 'UNSUPPORTED_OS',
      message: /Ubuntu 22\.04 and Ubuntu 24\.04 have the same packages, those of Debian 12: .* prove nothing$/,
      hint: /Nothing was written\. .*check --upgrade-to noble/,
    });
  });

  for (const [id, codename] of [
    ['ubuntu', 'focal'],
    ['debian', 'buster'],
    ['debian', 'jammy'],
    ['ubuntu', 'bookworm'],
    ['ubuntu', 'constructor'],
  ] as const)
    // oxfmt-ignore
    it(`${id} ${codename} is refused, with the releases of which there are copies`, () => {
      assert.throws(() => baseOf(os(id, codename)), {
        code: 'UNSUPPORTED_OS',
        message: /^there is no image to copy .*bullseye, bookworm, trixie, forky, jammy, noble, resolute$/,
      });
    });

  it('the plan for a copy has the versions of the host, but where the host has none', () => {
    const versions = withVersionsOf({ postfix: '3.6.4', dovecot: null }, { postfix: '3.7.11', dovecot: '2.3.19' });
    assert.deepEqual(versions, { postfix: '3.6.4', dovecot: '2.3.19' });
  });
});
