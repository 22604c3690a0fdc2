/** No plan makes anything looser: for every configuration of the corpus and generated ones, standard, strict and back. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { CLIENTS } from '../../../src/exposure/clients.ts';
import { modelOf, programFor, type Model } from '../../../src/exposure/compare.ts';
import { run, type CheckAnswer } from '../../../src/exposure/decide.ts';
import { judgePlan } from '../../../src/exposure/guard.ts';
import { HardenMailError } from '../../../src/model/errors.ts';
import { FRAGMENTS } from '../../../src/fragments/index.ts';
import { CLIENT_CLASSES, DESTINATIONS, type Profile, type Snapshot } from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { openWorkspace } from '../../../src/plan/workspace.ts';
import { RECIPE } from '../../../src/tasks/index.ts';
import type { Task } from '../../../src/tasks/task.ts';
import { afterwards } from '../../support/plan/cases.ts';
import { host } from '../../support/plan/host.ts';

const MAIN = '/etc/postfix/main.cf';
const MASTER = '/etc/postfix/master.cf';
const DOVECOT = '/etc/dovecot/dovecot.conf';
const CONF = 'protocols = imap pop3\n';

type Host = ReturnType<typeof host>;

const modelFor = ({ facts, ...rest }: Snapshot): Model => modelOf(openWorkspace({ facts, ...rest }).workspace, facts);

function applied({ snapshot, policy }: Host, profile: Profile, tasks?: readonly Task[]): Host {
  const wanted = { ...policy, profile };
  const plan = compose(snapshot, wanted, tasks);
  return {
    policy,
    snapshot: afterwards({ snapshot }, plan),
  };
}

/** Everybody without a login whom the files afterwards accept, by these answers of the checks, was accepted before. */
function assertNoStranger(before: Model, after: Model, answer: (check: string) => CheckAnswer): void {
  for (const smtpd of after.smtpds) {
    const old = before.smtpds.find(({ id }) => id === smtpd.id);
    for (const client of CLIENT_CLASSES.filter((one) => CLIENTS[one].login === 'none')) {
      for (const destination of DESTINATIONS) {
        const ends = [old, smtpd].map((one) => {
          if (!one) return 'refuse';
          const answers = new Map<string, CheckAnswer>();
          const program = programFor(one, client, destination, after.facts);
          for (;;) {
            const end = run(program, answers);
            if (end.end !== 'ask') return end.end;
            answers.set(end.check.id, answer(end.check.id));
          }
        });
        assert.notDeepEqual(ends, ['refuse', 'accept'], `${smtpd.id}: ${client}, ${destination}`);
      }
    }
  }
}

function assertNeverLooser(start: Host, answer: (check: string) => CheckAnswer): void {
  const standard = applied(start, 'standard');
  const strict = applied(start, 'strict');
  // Each plan is held against the host that it is applied to; the way back against the host as it was at first.
  const ways: Record<string, readonly [Host, Host]> = {
    standard: [start, standard],
    strict: [start, strict],
    'standard, strict': [standard, applied(standard, 'strict')],
    back: [start, applied(strict, 'standard')],
  };
  for (const [way, [from, to]] of Object.entries(ways)) {
    const [before, after] = [modelFor(from.snapshot), modelFor(to.snapshot)];
    const objections = judgePlan(before, after).objections.map(({ text }) => text);
    assert.deepEqual(objections, [], way);
    assertNoStranger(before, after, answer);
  }
}

const corpus = (format: string): [string, string][] => {
  const root = new URL(`../../corpus/${format}/`, import.meta.url);
  return ['awkward', 'deployments', 'documented'].flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((name) => name.endsWith('.cf'))
      .map((name): [string, string] => [
        `${folder}/${name}`,
        readFileSync(new URL(`${folder}/${name}`, root), 'latin1'),
      ]),
  );
};

const STOCK_MASTER = 'smtp inet n - y - - smtpd\npickup unix n - y 60 1 pickup\n';

/** A host with these files; null where the tool declines it for another reason, which other tests are about. */
function hostWith(main: string, master: string): Host | null {
  const made = host({ [MAIN]: main, [MASTER]: master, [DOVECOT]: CONF });
  try {
    compose(made.snapshot, made.policy);
    return made;
  } catch (error) {
    if (error instanceof HardenMailError && error.code !== 'WOULD_WEAKEN') return null;
    throw error;
  }
}

const check = fc.constantFrom(
  'check_sasl_access hash:/x/blocked',
  'check_client_access cidr:/x/lan',
  'check_policy_service unix:private/policy',
  'check_recipient_access hash:/x/closed',
  'check_sender_access hash:/x/senders',
  'reject_rbl_client zen.test',
  'reject_unknown_sender_domain',
  'permit_tls_clientcerts',
  'our_class',
);
const known = fc.constantFrom(
  'permit_mynetworks',
  'permit_sasl_authenticated',
  'reject_unauth_destination',
  'reject_sender_login_mismatch',
  'reject_unauthenticated_sender_login_mismatch',
  'reject',
);
const list = fc.array(fc.oneof(check, known), { maxLength: 5 }).map((all) => all.join(', '));
const NAMES = ['client', 'sender', 'relay', 'recipient'].map((one) => `smtpd_${one}_restrictions`);
const others = fc.constantFrom(
  ['smtpd_sasl_auth_enable', 'yes'],
  ['smtpd_sasl_auth_enable', 'no'],
  ['smtpd_enforce_tls', 'yes'],
  ['smtp_enforce_tls', 'yes'],
  ['smtpd_use_tls', 'yes'],
  ['smtpd_tls_security_level', 'encrypt'],
  ['smtpd_tls_auth_only', 'no'],
  ['smtpd_sender_login_maps', 'hash:/x/owners'],
  ['content_filter', 'scan:[127.0.0.1]:10024'],
  ['smtpd_milters', 'inet:127.0.0.1:11332'],
  ['smtpd_upstream_proxy_protocol', 'haproxy'],
  ['smtpd_delay_reject', 'no'],
  ['smtpd_sasl_type', 'cyrus'],
  ['smtpd_sasl_type', 'dovecot'],
  ['smtpd_sasl_path', 'inet:127.0.0.1:12345'],
  ['smtpd_sasl_path', 'private/dovecot-auth'],
  ['smtpd_discard_ehlo_keywords', 'auth'],
);
const setting = fc.oneof(
  fc.tuple(fc.constantFrom(...NAMES), list),
  others.map(([name = '', value = '']): [string, string] => [name, value]),
);
const mainCf = fc
  .tuple(fc.array(setting, { maxLength: 6 }), fc.constantFrom('3.6', '2', '0'))
  .map(
    ([settings, level]) =>
      `compatibility_level = ${level}\nmynetworks = 127.0.0.0/8 10.1.0.0/16\nsmtpd_restriction_classes = our_class\n` +
      `our_class = check_client_access hash:/x/class, permit_mynetworks\n${[...new Map(settings)].map(([name, value]) => `${name} = ${value}\n`).join('')}`,
  );
const entry = fc
  .tuple(
    fc.constantFrom('smtp', '25', 'submission', '10.8.0.1:submission', '465', 'submissions', '127.0.0.1:10025'),
    fc.array(setting, { maxLength: 3 }),
  )
  .map(([name, options]) => {
    const words = options.map(([option, value]) => (/[ ,]/.test(value) ? `  -o { ${option} = ${value} }\n` : `  -o ${option}=${value}\n`)); // oxfmt-ignore
    return `${name} inet n - y - - smtpd\n${words.join('')}`;
  });
const masterCf = fc.uniqueArray(entry, { minLength: 1, maxLength: 4, selector: (text) => text.split(' ')[0] }).map((all) => all.join('')); // oxfmt-ignore
const answers = fc.func(fc.constantFrom<CheckAnswer>('permit', 'refuse', 'dunno'));

describe('exposure: no plan makes anything looser', () => {
  const says = (check: string): CheckAnswer =>
    check.length % 3 === 0 ? 'permit' : check.length % 3 === 1 ? 'refuse' : 'dunno';

  for (const [name, main] of corpus('postfix-main'))
    it(`main.cf of the corpus gets no looser: ${name}`, function () {
      this.timeout(60_000);
      const made = hostWith(main, STOCK_MASTER);
      if (made) assertNeverLooser(made, says);
    });

  for (const [name, master] of corpus('postfix-master'))
    it(`master.cf of the corpus gets no looser: ${name}`, function () {
      this.timeout(60_000);
      const made = hostWith('compatibility_level = 3.6\nsmtpd_sender_login_maps = hash:/x/owners\nsmtpd_sender_restrictions = reject_sender_login_mismatch\n', master); // oxfmt-ignore
      if (made) assertNeverLooser(made, says);
    });

  it('generated pairs of main.cf and master.cf get no looser', function () {
    this.timeout(300_000);
    fc.assert(
      fc.property(mainCf, masterCf, answers, (main, master, answer) => {
        const made = hostWith(main, master);
        if (made) assertNeverLooser(made, answer);
      }),
      {
        numRuns: Number(process.env['HARDEN_MAIL_RUNS'] ?? 60),
        seed: Number(process.env['HARDEN_MAIL_SEED'] ?? 20_261_130),
      },
    );
  });

  for (const [what, setting, value] of [
    ['another user database', 'smtpd_sasl_path', 'inet:192.0.2.1:12345'],
    ['a permit before the list of blocked users', 'smtpd_recipient_restrictions', 'permit_sasl_authenticated, check_sasl_access hash:/x/blocked, reject_unauth_destination'], // oxfmt-ignore
    ['a wider network', 'mynetworks', '0.0.0.0/0'],
  ] as const)
    it(`a planted loosening never reaches the files: ${what}`, () => {
      const planted = {
        ...FRAGMENTS[0]!,
        id: 'planted',
        setting,
        place: { in: 'main.cf' },
        merge: { how: 'set', value },
        when: {},
      } as const;
      const tasks = RECIPE.map((task) => (task.name === 'sasl' ? { ...task, fragments: [...task.fragments!, planted] } : task)); // oxfmt-ignore
      const start = host({
        [MAIN]: `smtpd_sasl_type = dovecot\nsmtpd_sasl_path = private/auth\ncompatibility_level = 3.6\nmynetworks = 127.0.0.0/8\nsmtpd_recipient_restrictions = check_sasl_access hash:/x/blocked, permit_sasl_authenticated, reject_unauth_destination\n`, // oxfmt-ignore
        [MASTER]: 'smtp inet n - y - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n  -o smtpd_sasl_type=dovecot\n',
        [DOVECOT]: CONF,
      });
      try {
        const { snapshot } = applied(start, 'standard', tasks);
        assert.ok(!snapshot.files[MAIN]?.bytes.includes(`${setting} = ${value}`), snapshot.files[MAIN]?.bytes);
      } catch (error) {
        assert.ok(error instanceof HardenMailError && error.code === 'WOULD_WEAKEN', String(error));
      }
    });
});

describe('exposure: no plan ends logins', () => {
  const withDovecot = (bytes: string): Model =>
    modelFor(
      host({ [MAIN]: 'compatibility_level = 3.6\n', [MASTER]: STOCK_MASTER, [DOVECOT]: bytes }, { dovecot: '2.4.1' })
        .snapshot,
    );
  const conf = (ssl: string, own = '') =>
    `dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\nprotocols {\n  imap = yes\n}\nssl = ${ssl}\nremote 10.0.0.0/8 {\n  auth_allow_cleartext = yes\n${own}}\n`;

  it('the guard objects to required TLS above a network that may log in before TLS, where Dovecot 2.4 would hang up', () => {
    const { objections } = judgePlan(withDovecot(conf('yes')), withDovecot(conf('required')));
    assert.ok(objections.length > 0);
    assert.ok(objections.every(({ endsLogins }) => endsLogins));
    assert.match(objections[0]?.text ?? '', /remote 10\.0\.0\.0\/8.*nobody could log in any more/);
  });

  it('the guard agrees when the network keeps TLS optional', () => {
    assert.deepEqual(
      judgePlan(withDovecot(conf('yes')), withDovecot(conf('required', '  ssl = yes\n'))).objections,
      [],
    );
  });
});
