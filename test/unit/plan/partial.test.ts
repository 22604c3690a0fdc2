import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { HardenMailError } from '../../../src/model/errors.ts';
import { isEmpty, TASKS, type TaskName } from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { composePart, type PartialPlan } from '../../../src/plan/partial.ts';
import { NEEDS } from '../../../src/tasks/needs.ts';
import { usableLineage } from '../../../src/tasks/lineage.ts';
import { certificates } from '../verify/host.ts';
import { afterwards, cases, type Case } from '../../support/plan/cases.ts';

const found = cases().filter(({ title }) => title.startsWith('recipe/') || title.startsWith('certbot/'));
const named = (title: string): Case => {
  const one = cases().find((each) => each.title === title);
  if (!one) throw new Error(`no case ${title}`);
  return one;
};
const without = (...left: TaskName[]): TaskName[] => TASKS.filter((name) => !left.includes(name));
const part = ({ snapshot, policy }: Case, chosen: readonly TaskName[]): PartialPlan =>
  composePart(snapshot, policy, chosen);
/** The same host, with other facts. */
const withFacts = (one: Case, facts: Partial<Case['snapshot']['facts']>): Case => ({
  ...one,
  snapshot: { ...one.snapshot, facts: { ...one.snapshot.facts, ...facts } },
});
/** The same host, with other words in a file. */
const edited = (one: Case, path: string, from: string, to: string): Case => {
  const file = one.snapshot.files[path];
  if (!file?.bytes.includes(from)) throw new Error(`${path} does not say ${from}`);
  const files = { ...one.snapshot.files, [path]: { ...file, bytes: file.bytes.replace(from, to) } };
  return { ...one, snapshot: { ...one.snapshot, files } };
};
const refusal = (one: Case, chosen: readonly TaskName[]): HardenMailError => {
  try {
    part(one, chosen);
  } catch (error) {
    if (error instanceof HardenMailError) return error;
    throw error;
  }
  throw new Error(`${one.title} with ${chosen.join()}: it was planned`);
};

/** The same host, whose admin brings the certificate. */
const withOwn = (one: Case): Case => {
  const { good, root } = certificates();
  const own = { cert: '/etc/ssl/mail/chain.pem', key: '/etc/ssl/mail/key.pem' };
  const publicKey = createPublicKey(good.key).export({ type: 'spki', format: 'pem' }).toString().trim();
  const provided = {
    ...own,
    chain: good.cert + root,
    publicKey,
    missing: [],
    exposed: false,
    keyInside: false,
    changed: 0,
  };
  const policy = { ...one.policy, domain: 'mx.example.test', domains: ['mx.example.test'], own };
  return { ...withFacts(one, { provided, now: Date.now() / 1000 }), policy };
};

const stock = named('recipe/stock-debian-12');
const bare = named('recipe/nothing-installed');
const noCertificate = withFacts(stock, { lineages: [] });

describe('plan: selected tasks', () => {
  it('the plan of every task is the plan of the whole recipe', function () {
    this.timeout(60_000); // plans of every case
    for (const one of found.filter(({ expected }) => !expected.error)) {
      assert.deepEqual(part(one, TASKS), { plan: compose(one.snapshot, one.policy), open: [] });
    }
  });

  it('each skipped task is listed, and a warning names those that have changes pending', () => {
    const { plan, open } = part(stock, ['certbot', 'restart']);
    assert.deepEqual(open, ['sasl', 'starttls', 'smtps', 'plaintext', 'dovecot-ssl']);
    assert.deepEqual(
      plan.tasks.map(({ name }) => name),
      TASKS,
    );
    assert.deepEqual(plan.tasks[4], {
      name: 'smtps',
      state: 'skipped',
      summary: 'left out: 10 settings in master.cf',
    });
    assert.equal(
      plan.notes[0]?.text,
      'left out, and not as it should be: sasl, starttls, smtps, plaintext, dovecot-ssl',
    );
  });

  const refusals: [why: string, one: Case, chosen: TaskName[], message: RegExp][] = [
    ['programs are missing', bare, without('install'), /^certbot rests on install, .* not installed$/],
    ['there is no certificate', noCertificate, without('certbot'), /^starttls rests on certbot, .* does not exist yet/],
    ['there is no certificate for Dovecot either', noCertificate, ['dovecot-ssl'], /^dovecot-ssl rests on certbot/],
    ['465 would have no certificate', stock, ['sasl', 'plaintext', 'smtps'], /^smtps rests on starttls/],
    ['465 would have no login service', stock, ['starttls', 'smtps'], /^smtps rests on sasl/],
    ['passwords would be sent in clear', stock, ['sasl'], /^sasl rests on plaintext, .* in clear$/],
    [
      'Postfix offers no TLS',
      edited(stock, '/etc/postfix/main.cf', 'smtpd_tls_security_level=may', 'smtpd_tls_security_level=none'),
      ['plaintext', 'dovecot-ssl'],
      /^plaintext rests on starttls/,
    ],
    [
      'Dovecot offers no TLS',
      edited(stock, '/etc/dovecot/conf.d/10-ssl.conf', 'ssl = yes', 'ssl = no'),
      ['plaintext'],
      /^plaintext rests on dovecot-ssl/,
    ],
    [
      'Dovecot does not run',
      withFacts(stock, { units: { ...stock.snapshot.facts.units, dovecot: { active: false, loaded: 0 } } }),
      without('restart'),
      /^sasl rests on restart, .* login service$/,
    ],
    ['an upgrade is half done', named('recipe/upgraded-to-debian-13'), ['starttls'], /of 2\.3/],
  ];
  for (const [why, one, chosen, message] of refusals) {
    it(`a selection of tasks is refused when ${why}`, () => {
      const error = refusal(one, chosen);
      assert.equal(error.code, 'USAGE');
      assert.match(error.message, message);
      assert.match(error.hint, /^Nothing was written\. /);
    });
  }

  it('the daemons of changed files are reloaded even without the task restart, and no other daemon is', () => {
    const units = { postfix: { active: true, loaded: 1 }, dovecot: { active: true, loaded: 1 } };
    const { plan } = part(withFacts(stock, { units }), ['certbot']);
    assert.deepEqual([plan.changes.length, plan.activations], [1, []], 'the hook alone');
    const tls = part(withFacts(stock, { units: { ...units, dovecot: { active: false, loaded: 0 } } }), ['starttls']);
    assert.deepEqual(
      tls.plan.activations.map(({ unit, how }) => `${how} ${unit}`),
      ['reload postfix'],
      'a Dovecot that somebody has stopped stays so',
    );
  });

  it('an obstacle to a skipped task does not stop the plan', () => {
    const busy = withFacts(stock, { listeners: [{ address: '*', port: 465, process: 'haproxy' }] });
    assert.throws(() => compose(busy.snapshot, busy.policy), /haproxy/);
    const { plan, open } = part(busy, without('smtps'));
    assert.deepEqual(open, ['smtps']);
    assert.match(
      plan.tasks.find(({ name }) => name === 'smtps')?.summary ?? '',
      /^left out: port 465 is held by haproxy/,
    );
  });

  it('the plan uses the existing certificate, not one whose request is skipped', () => {
    const [lineage] = stock.snapshot.facts.lineages;
    assert.ok(lineage);
    // By hand, so that a new one with the additional name would be kept as NAME-0001.
    const facts = { ...stock.snapshot.facts, lineages: [{ ...lineage, authenticator: null }] };
    const policy = { ...stock.policy, domains: [stock.policy.domain, 'further.example.test'] };
    const snapshot = { ...stock.snapshot, facts: { ...facts, takenNames: [lineage.name] } };
    const values = (plan: PartialPlan['plan']): string[] => plan.settings.map(({ after }) => after ?? '');
    assert.ok(values(compose(snapshot, policy)).some((value) => value.includes(`${lineage.name}-0001/`)));
    const { plan } = composePart(snapshot, policy, without('certbot'));
    assert.ok(values(plan).some((value) => value.includes(`/live/${lineage.name}/`)));
    assert.ok(!values(plan).some((value) => value.includes('-0001/')));
  });

  it('any selection changes only its own tasks, names only existing certificates and leaves nothing for a second run', function () {
    this.timeout(0);
    const subset = fc.subarray([...TASKS], { minLength: 1 });
    fc.assert(
      fc.property(fc.constantFrom(...found), fc.boolean(), subset, (original, bereft, chosen) => {
        const one = bereft ? withFacts(original, { lineages: [] }) : original;
        let planned: PartialPlan;
        try {
          planned = part(one, chosen);
        } catch (error) {
          assert.ok(error instanceof HardenMailError, String(error));
          return;
        }
        const { plan } = planned;
        for (const { task } of plan.settings) assert.ok(chosen.includes(task), task);
        for (const { kind } of plan.actions) assert.ok(chosen.includes(kind === 'install' ? 'install' : 'certbot'));
        const there = usableLineage(one.snapshot.facts, one.policy) !== null || chosen.includes('certbot');
        if (!there) for (const { after } of plan.settings) assert.doesNotMatch(after ?? '', /letsencrypt\/live/);
        for (const { path } of plan.changes) {
          const unit = /^\/etc\/(postfix|dovecot|systemd)\//.exec(path)?.[1];
          if (!unit || (unit !== 'systemd' && one.snapshot.facts.units[unit]?.active !== true)) continue;
          assert.ok(
            plan.activations.some((activation) => activation.unit === unit),
            `${path} is not taken up`,
          );
        }
        if (plan.actions.length > 0 || plan.settings.some(({ file }) => one.snapshot.files[file] === undefined)) return;
        const again = composePart(afterwards(one, plan), one.policy, chosen);
        assert.ok(isEmpty(again.plan), JSON.stringify([again.plan.settings, again.plan.activations]));
      }),
      { numRuns: Number(process.env['HARDEN_MAIL_RUNS'] ?? 50) },
    );
  });

  it('every reason for a refusal has a case', () => {
    const all = [...new Set(NEEDS.map(({ why }) => why))];
    const told = refusals.slice(0, -1).map(([, one, chosen]) => refusal(one, chosen).message);
    const without = all.filter((why) => !told.some((message) => message.endsWith(why)));
    assert.deepEqual(without, []);
  });

  it('a certificate of the administrator needs no certbot', () => {
    const own = withOwn(noCertificate);
    const packages = Object.entries(own.snapshot.facts.packages).filter(([name]) => name !== 'certbot');
    const lacks = withFacts(own, { packages: Object.fromEntries(packages) });
    for (const chosen of [without('certbot'), without('install'), ['starttls', 'dovecot-ssl'] as const])
      assert.ok(
        part(lacks, chosen).plan.settings.some(({ after }) => after === '/etc/ssl/mail/chain.pem'),
        chosen.join(),
      );
  });
});
