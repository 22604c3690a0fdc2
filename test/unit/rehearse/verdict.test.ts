import assert from 'node:assert/strict';
import type { Act, Plan } from '../../../src/model/index.ts';
import { Watch } from '../../../src/rehearse/prober.ts';
import { losses } from '../../../src/rehearse/sessions.ts';
import type { Clues } from '../../../src/rehearse/stand-ins.ts';
import { changeDigests, differing, judged, shownPlan } from '../../../src/rehearse/verdict.ts';

const act = (name: Act['name'], more: Partial<Act> = {}): Act => ({ name, seconds: 1, faults: [], notes: [], outages: [], files: [], ...more }); // oxfmt-ignore
const course = { release: 'bookworm', sameDiff: true, differences: [], unrehearsed: [] };
const CONTEXT: Clues = { stock: new Set(), secretPaths: new Set(), tables: new Set(), read: new Set() };

const plan = (before: string, after: string): Plan => ({
  ...{ tasks: [], actions: [], settings: [], activations: [], notes: [] },
  changes: [{ path: '/etc/postfix/main.cf', target: '', before, after, sha256: '', mode: '0644', owner: 'root:root' }],
});

describe('rehearse: the verdict', () => {
  it('acts without a fault are good, with the longest outage', () => {
    const acts = [act('as it is'), act('apply', { outages: [{ port: 25, seconds: 1.2 }] }), act('upgrade', { outages: [{ port: 993, seconds: 40 }] })]; // oxfmt-ignore
    const { good, verdict } = judged({ ...course, acts, upgradeTo: 'trixie' });
    assert.equal(good, true);
    assert.equal(verdict, 'apply, upgrade to trixie worked, and the longest outage of a port was 40 s');
  });

  it('the act with the files of the packages has no say in the verdict, and its outages are not in it', () => {
    const acts = [act('as it is'), act('upgrade', { outages: [{ port: 25, seconds: 2 }] }), act('with the files of the packages', { outages: [{ port: 25, seconds: 90 }] })]; // oxfmt-ignore
    const { verdict } = judged({ ...course, acts, upgradeTo: 'trixie' });
    assert.equal(verdict, 'upgrade to trixie worked, and the longest outage of a port was 2 s');
  });

  it('the first fault is the verdict, with the act in which it came', () => {
    const acts = [act('as it is'), act('apply', { faults: ['Dovecot refused'] }), act('verify', { faults: ['later'] })];
    const { good, verdict } = judged({ ...course, acts });
    assert.deepEqual({ good, verdict }, { good: false, verdict: 'apply: Dovecot refused' });
  });

  it('a verdict about a copy of another release than the host names both, good or bad', () => {
    const nearest = { host: 'Ubuntu 24.04', copy: 'Debian 12', goal: 'Debian 13' };
    const good = judged({ ...course, acts: [act('apply'), act('upgrade')], upgradeTo: 'resolute', nearest });
    assert.equal(good.verdict, 'apply, upgrade to Debian 13 worked, and no port was out (played on Debian 12 in place of Ubuntu 24.04)'); // oxfmt-ignore
    const bad = judged({ ...course, acts: [act('apply', { faults: ['Dovecot refused'] })], nearest });
    assert.equal(bad.verdict, 'apply: Dovecot refused (played on Debian 12 in place of Ubuntu 24.04)');
  });

  it('a plan for the copy that is not the plan for the host is bad, because it proves nothing', () => {
    assert.equal(judged({ ...course, acts: [act('apply')], sameDiff: false }).good, false);
  });

  it('plans are compared without what stand-ins replace, and with everything else', () => {
    const one = plan('relay_password = a1\n', 'relay_password = a1\nx = y\n');
    const copy = plan('relay_password = rehearsal\n', 'relay_password = rehearsal\nx = y\n');
    const digests = (of: Plan) => changeDigests(of, CONTEXT);
    assert.deepEqual(differing(digests(one), digests(copy)), []);
    assert.deepEqual(shownPlan(one, CONTEXT).changes, copy.changes);
    assert.deepEqual(differing(digests(one), digests(plan('a = b\n', 'a = c\n'))), ['/etc/postfix/main.cf']);
  });
});

describe('rehearse: outages', () => {
  it('a port is out from its first refusal to its next answer, and up to now while it is out', () => {
    const watch = new Watch(25);
    watch.seen(false, 0); // it has not answered yet
    assert.deepEqual(watch.take(500), []);
    for (const [answers, at] of [[true, 1000], [false, 1200], [false, 1400], [true, 2200]] as const) watch.seen(answers, at); // oxfmt-ignore
    assert.deepEqual(watch.take(3000), [{ port: 25, seconds: 1 }]);
    watch.seen(false, 3000);
    assert.deepEqual(watch.take(4000), [{ port: 25, seconds: 1 }]);
    watch.seen(true, 4500);
    assert.deepEqual(watch.take(5000), [{ port: 25, seconds: 0.5 }]);
  });
});

describe('rehearse: what the user lost', () => {
  const before = {
    tries: { 'mail by 25': null, 'send by 587': 'closed' },
    mail: ['folder INBOX 1', 'message INBOX 1 of 9 bytes'],
  };

  it('more mail is no loss, and neither is what did not work before', () => {
    const now = {
      tries: { 'mail by 25': null, 'send by 587': 'closed' },
      mail: [...before.mail, 'message INBOX 2 of 9 bytes'],
    };
    assert.deepEqual(losses(before, now), []);
  });

  it('a way that no longer works and a message that is gone are losses', () => {
    const [way, mail] = losses(before, { tries: {}, mail: ['folder INBOX 1'] });
    assert.match(way ?? '', /mail by 25 worked before, and does not now: the port is closed/);
    assert.match(mail ?? '', /^1 of 2 folders, .* the first: message INBOX 1/);
  });
});
