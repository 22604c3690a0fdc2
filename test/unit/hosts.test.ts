import assert from 'node:assert/strict';
import { EFFECTS, without } from '../support/whole-hosts/intended.ts';
import { hostNames, readHost } from '../support/whole-hosts/read.ts';
import type { Result } from '../support/whole-hosts/schema.ts';

describe('whole hosts: their data', () => {
  it('there are at least 25 hosts, each in the expected form', () => {
    const names = hostNames();
    assert.ok(names.length >= 25, names.join());
    for (const name of names) assert.doesNotThrow(() => readHost(name), name);
  });

  it('each session of a host has a name of its own', () => {
    for (const name of hostNames()) {
      const sessions = readHost(name).sessions.map((session) => session.name);
      assert.deepEqual(sessions, [...new Set(sessions)], name);
    }
  });

  it('every session that changes names an intended effect of its host', () => {
    for (const name of hostNames()) {
      const { host, sessions } = readHost(name);
      for (const { name: session, after, because, strict, 'because strict': becauseStrict } of sessions) {
        if (after !== undefined) assert.ok(host.intended.includes(because ?? ''), `${name}: ${session}`);
        if (strict !== undefined && after === undefined)
          assert.ok(host.strict.includes(becauseStrict ?? ''), `${name}: ${session}`);
      }
    }
  });

  it('the effects of standard and of strict are kept apart', () => {
    for (const name of hostNames()) {
      const { host } = readHost(name);
      for (const id of host.intended) assert.equal(EFFECTS[id]?.profile, 'standard', `${name}: ${id}`);
      for (const id of host.strict) assert.equal(EFFECTS[id]?.profile, 'strict', `${name}: ${id}`);
    }
  });
});

describe('whole hosts: intended effects on sessions', () => {
  const offers = (name: string, outcome: string, more: Partial<Result> = {}): Result => ({
    ...{ name, outcome, replies: [] },
    ...more,
  });
  const all = Object.keys(EFFECTS);

  it('an intended effect is removed from the comparison', () => {
    const before = offers('offers 25', '', { clear: ['PLAIN'], starttls: true, tls: ['PLAIN'], names: ['old.test'] });
    const after = offers('offers 25', '', { clear: [], starttls: true, tls: ['LOGIN', 'PLAIN'], names: ['mx.test'] });
    const left = without(['certificate', 'login mechanism', 'no login in clear'], before, after, 'mx.test');
    assert.deepEqual(left, before);
  });

  for (const [what, before, after] of [
    [
      'a login on another port than 25',
      offers('offers 2525', '', { clear: [], starttls: true, tls: [] }),
      offers('offers 2525', '', { clear: [], starttls: true, tls: ['PLAIN'] }),
    ],
    [
      'a login in clear where there was none',
      offers('offers 25', '', { clear: [], starttls: true, tls: ['PLAIN'] }),
      offers('offers 25', '', { clear: ['PLAIN'], starttls: true, tls: ['PLAIN'] }),
    ],
    ['a session that is accepted now', offers('bob', 'RCPT 554 5.7.1'), offers('bob', 'accepted')],
    [
      'PLAIN where only SCRAM was',
      offers('offers 587', '', { clear: [], starttls: true, tls: ['SCRAM-SHA-256'] }),
      offers('offers 587', '', { clear: [], starttls: true, tls: ['PLAIN', 'SCRAM-SHA-256'] }),
    ],
    [
      'a certificate without the host’s name',
      offers('offers 993', '', { tls: ['PLAIN'], names: ['old.test'] }),
      offers('offers 993', '', { tls: ['PLAIN'], names: ['other.test'] }),
    ],
  ] as const)
    it(`no effect removes ${what}`, () => assert.notDeepEqual(without(all, before, after, 'mx.test'), before));
});
