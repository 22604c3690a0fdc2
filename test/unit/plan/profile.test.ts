/** Two profiles, and the ways between them: what strict adds goes again, what the admin has set stays. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HardenMailError } from '../../../src/model/errors.ts';
import {
  isEmpty,
  TASKS,
  type Bytes,
  type Plan,
  type Policy,
  type Snapshot,
  type TaskName,
} from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { composePart } from '../../../src/plan/partial.ts';
import { policyFor } from '../../../src/plan/policy.ts';
import { readRecord, RECORD } from '../../../src/plan/profile/record.ts';
import { afterwards, cases } from '../../support/plan/cases.ts';
import { host, remoteFile } from '../../support/plan/host.ts';

const MAIN = '/etc/postfix/main.cf';
const MASTER = '/etc/postfix/master.cf';
const AUTH = '/etc/dovecot/conf.d/10-auth.conf';

type Profile = Policy['profile'];
type Host = { readonly snapshot: Snapshot; readonly policy: Policy };

const planFor = ({ snapshot, policy: { domain, domains } }: Host, profile: Profile, asked?: Policy['asked']): Plan =>
  compose(snapshot, { domain, domains, profile, ...(asked && { asked }) });
const applied = (on: Host, ...rest: [Profile, Policy['asked']?]): Host => ({
  ...on,
  snapshot: afterwards(on, planFor(on, ...rest)),
});
const bytesOf = ({ snapshot }: Host): Record<string, Bytes> =>
  Object.fromEntries(Object.entries(snapshot.files).map(([path, { bytes }]) => [path, bytes]));
const edited = (on: Host, path: string, edit: (bytes: Bytes) => Bytes): Host => {
  const before = on.snapshot.files[path];
  assert.ok(before, path);
  const bytes = edit(before.bytes);
  assert.notEqual(bytes, before.bytes, 'the edit changes nothing');
  const files = { ...on.snapshot.files, [path]: { ...remoteFile(path, bytes), changed: before.changed } };
  return { ...on, snapshot: { ...on.snapshot, files } };
};

/** Every way between the profiles, from these files, ends where the last profile by itself would. */
function assertWaysAreOpen(start: Host): void {
  const [standard, strict] = [applied(start, 'standard'), applied(start, 'strict')];
  const [alone, most] = [bytesOf(standard), bytesOf(strict)];
  assert.deepEqual(bytesOf(applied(strict, 'standard')), alone, 'strict, standard');
  assert.deepEqual(bytesOf(applied(standard, 'strict')), most, 'standard, strict');
  assert.deepEqual(bytesOf(applied(applied(strict, 'standard'), 'strict')), most, 'strict, standard, strict');
  const again = planFor(strict, 'strict');
  assert.deepEqual(again.changes, [], 'strict, strict');
  const known = again.settings.filter(({ file }) => strict.snapshot.files[file] !== undefined);
  assert.deepEqual(known, [], 'strict, strict');
}

describe('plan: profiles', () => {
  it('the plan says what clients need under strict, and not on the way back', () => {
    const start = cases().find(({ title }) => title === 'recipe/stock-debian-12')!;
    const needs = (plan: Plan): string[] =>
      (plan.effects ?? []).map(({ text }) => text).filter((text) => /ECDHE/.test(text));
    assert.equal(needs(planFor(start, 'strict')).length, 2);
    assert.deepEqual(needs(planFor(applied(start, 'strict'), 'standard')), []);
    assert.deepEqual(needs(planFor(applied(start, 'strict'), 'strict')), []);
  });

  describe('strict and back', () => {
    for (const one of cases()) {
      // A plan for all tasks, where there is one and the files are their own.
      const targets = Object.values(one.snapshot.files).map(({ target }) => target);
      if (!/^(recipe|strict)\//.test(one.title) || one.expected.error || new Set(targets).size < targets.length)
        continue;
      it(`every order of the profiles ends with the files of the last one: ${one.title}`, () => assertWaysAreOpen(one));
    }

    const [stock, few] = ['stock-debian-12', 'few-lines'].map((name) =>
      cases().find(({ title }) => title === `recipe/${name}`),
    );
    assert.ok(stock && few);
    const fewOf = (path: string): Bytes => few.snapshot.files[path]?.bytes ?? '';

    /** Lines that an admin may have in main.cf of settings that strict sets too, in many ways of writing. */
    const setting = fc.constantFrom(
      'smtpd_helo_required',
      'disable_vrfy_command',
      'smtpd_tls_ciphers',
      'smtpd_tls_exclude_ciphers',
      'smtpd_tls_mandatory_exclude_ciphers',
      'smtpd_tls_protocols',
      'smtpd_tls_loglevel',
      'smtpd_client_auth_rate_limit',
      'smtpd_forbid_bare_newline',
      'smtpd_sasl_auth_enable',
      'tls_ssl_options',
    );
    const value = fc.constantFrom(
      'yes',
      'no',
      'high',
      'medium',
      '0',
      '2',
      'kRSA, aNULL',
      'kRSA,\n  DES',
      '!SSLv2, !SSLv3',
      '',
      'odd',
    );
    const line = fc
      .tuple(fc.constantFrom('', '#'), setting, fc.constantFrom(' = ', '='), value)
      .map(([mark, name, equals, text]) => `${mark}${name}${equals}${mark ? text.replace(/\n */, ' ') : text}\n`);
    const option = fc
      .tuple(
        fc.constantFrom(
          'smtpd_sasl_auth_enable',
          'smtpd_tls_security_level',
          'smtpd_client_restrictions',
          'syslog_name',
        ),
        fc.constantFrom('yes', 'no', 'encrypt', 'may', 'permit_mynetworks,reject', 'postfix/x'),
      )
      .map(([name, text]) => `  -o ${name}=${text}\n`);
    const entry = fc
      .tuple(
        fc.constantFrom('submission inet', '587 inet', 'smtp inet', '192.0.2.1:587 inet'),
        fc.array(option, { maxLength: 3 }),
      )
      .map(([name, options]) => `${name} n - y - - smtpd\n${options.join('')}`);

    it('every order of the profiles ends with the files of the last one, whatever the administrator has set', function () {
      this.timeout(60_000);
      fc.assert(
        fc.property(fc.array(line, { maxLength: 5 }), fc.array(entry, { maxLength: 2 }), (lines, entries) => {
          const files = {
            ...bytesOf(few),
            [MAIN]: fewOf(MAIN) + lines.join(''),
            [MASTER]: fewOf(MASTER) + entries.join(''),
          };
          assertWaysAreOpen(host(files));
        }),
        { numRuns: Number(process.env['HARDEN_MAIL_RUNS'] ?? 15) },
      );
    });

    it('an opt-in that is withdrawn is removed from the files', () => {
      const all = ['require-tls-inbound', 'no-pop3'] as const;
      const asked = applied(stock, 'strict', all);
      assert.match(
        asked.snapshot.files[MASTER]?.bytes ?? '',
        /^smtp .*\n(?: {2}-o .*\n)* {2}-o smtpd_tls_security_level=encrypt$/m,
      );
      const master = asked.snapshot.files['/etc/dovecot/conf.d/10-master.conf']?.bytes ?? '';
      assert.equal(master.match(/^ {4}port = 0$/gm)?.length, 2);
      assert.deepEqual(bytesOf(applied(asked, 'strict')), bytesOf(applied(stock, 'strict')));
      assert.deepEqual(bytesOf(applied(asked, 'standard')), bytesOf(applied(stock, 'standard')));
      assert.ok(isEmpty(planFor(asked, 'strict', all)));
    });
  });

  describe('with later edits of the administrator', () => {
    const [stock] = cases().filter(({ title }) => title === 'recipe/stock-debian-12');
    assert.ok(stock);
    const strict = applied(stock, 'strict');
    const standard = bytesOf(applied(stock, 'standard'));

    it('a stricter value stays under strict and after the return to standard', () => {
      const his = edited(strict, MAIN, (bytes) => bytes.replace('smtpd_tls_loglevel = 1', 'smtpd_tls_loglevel = 2'));
      assert.deepEqual(planFor(his, 'strict').changes, []);
      const back = planFor(his, 'standard');
      assert.deepEqual(bytesOf({ ...his, snapshot: afterwards(his, back) }), {
        ...standard,
        [MAIN]: `${standard[MAIN]}smtpd_tls_loglevel = 2\n`,
      });
      assert.ok(
        back.notes.some(({ text }) => /^smtpd_tls_loglevel: 2 stays: /.test(text)),
        JSON.stringify(back.notes),
      );
    });

    it('a weaker value is raised again and comes back after the return to standard', () => {
      const his = edited(strict, AUTH, (bytes) =>
        bytes.replace('auth_failure_delay = 5 secs', 'auth_failure_delay = 1 secs'),
      );
      const again = applied(his, 'strict');
      assert.match(again.snapshot.files[AUTH]?.bytes ?? '', /^auth_failure_delay = 5 secs$/m);
      assert.match(applied(again, 'standard').snapshot.files[AUTH]?.bytes ?? '', /^auth_failure_delay = 1 secs$/m);
    });

    it('lines behind the managed ones do not move', () => {
      const his = edited(strict, MAIN, (bytes) => `${bytes}# mine\nmaximal_queue_lifetime = 2d\n`);
      assert.deepEqual(planFor(his, 'strict').changes, []);
      assert.equal(
        applied(his, 'standard').snapshot.files[MAIN]?.bytes,
        `${standard[MAIN]}# mine\nmaximal_queue_lifetime = 2d\n`,
      );
    });

    it('an entry for 587 that the administrator has changed stays whole', () => {
      const mine = '  -o smtpd_milters=inet:127.0.0.1:8891\n';
      const his = edited(strict, MASTER, (bytes) => bytes.replace(/^(submission inet .*\n)/m, `$1${mine}`));
      assert.deepEqual(planFor(his, 'strict').changes, []);
      const plan = planFor(his, 'standard');
      const master = afterwards(his, plan).files[MASTER]?.bytes ?? '';
      assert.match(
        master,
        /^submission inet .*\n {2}-o smtpd_milters=\S+\n {2}-o syslog_name=\S+\n {2}-o smtpd_tls_security_level=encrypt$/m,
      );
      assert.ok(plan.notes.some(({ text }) => /^submission\/inet: the entry stays/.test(text)));
    });
  });

  describe('the record of strict', () => {
    const [stock] = cases().filter(({ title }) => title === 'recipe/stock-debian-12');
    assert.ok(stock);
    const strict = applied(stock, 'strict');

    it('the record is a change like any other: it is created and removed', () => {
      const kind = (plan: Plan): [boolean, boolean][] =>
        plan.changes
          .filter(({ path }) => path === RECORD)
          .map(({ before, after }) => [before === null, after === null]);
      assert.deepEqual(kind(planFor(stock, 'standard')), []);
      assert.deepEqual(kind(planFor(stock, 'strict')), [[true, false]]);
      assert.deepEqual(kind(planFor(strict, 'standard')), [[false, true]]);
    });

    it('the record gives the profile and opt-ins that no option overrides', () => {
      const asked = applied(stock, 'strict', ['no-pop3']);
      const one = { name: 'mx', hostname: 'mx' };
      const of = (on: Host, more: object): unknown => {
        const { profile, asked: wishes } = policyFor({ ...one, ...more }, on.snapshot.facts, readRecord(on.snapshot));
        return [profile, wishes];
      };
      assert.deepEqual(of(stock, {}), ['standard', undefined]);
      assert.deepEqual(of(asked, {}), ['strict', ['no-pop3']]);
      assert.deepEqual(of(asked, { pop3: true }), ['strict', undefined]);
      assert.deepEqual(of(asked, { requireTlsInbound: true }), ['strict', ['require-tls-inbound', 'no-pop3']]);
      assert.deepEqual(of(asked, { profile: 'standard' }), ['standard', undefined]);
      for (const wish of [{ pop3: false }, { requireTlsInbound: true }]) {
        assert.throws(
          () => of(stock, wish),
          (error) => error instanceof HardenMailError && error.code === 'USAGE',
        );
      }
    });

    for (const [what, bytes] of [
      ['not JSON', 'strict'],
      ['of another version', '{"version": 2, "profile": "strict", "asked": [], "settings": []}'],
      ['of another profile', '{"version": 1, "profile": "lax", "asked": [], "settings": []}'],
      ['with an invalid place', '{"version": 1, "profile": "strict", "asked": [], "settings": [{"by": "x", "at": {}, "before": null, "after": "y"}]}'], // oxfmt-ignore
    ] as const)
      it(`a record ${what} is refused`, () => {
        const broken = edited(strict, RECORD, () => bytes);
        assert.throws(() => planFor(broken, 'standard'), /CONFIG_INVALID|profile\.json is not what harden-mail wrote/);
      });

    it('the record keeps bytes of any encoding', () => {
      const odd = edited(stock, MAIN, (bytes) => `${bytes}smtpd_tls_ciphers = m\xe9dium\x80\n`);
      assertWaysAreOpen(odd);
    });
  });

  it('a setting that strict changes is listed once, from the old to the new value', () => {
    const [stock] = cases().filter(({ title }) => title === 'recipe/stock-debian-12');
    assert.ok(stock);
    const told = (plan: Plan): (string | null)[][] =>
      plan.settings
        .filter(({ setting }) => setting === 'smtp/inet smtpd_sasl_auth_enable')
        .map(({ before, after }) => [before, after]);
    assert.deepEqual(told(planFor(stock, 'strict')), [[null, 'no']]);
    assert.deepEqual(told(planFor(applied(stock, 'standard'), 'strict')), [['yes', 'no']]);
    assert.deepEqual(told(planFor(applied(stock, 'strict'), 'standard')), [['no', 'yes']]);
    const back = planFor(applied(stock, 'strict'), 'standard').settings;
    assert.deepEqual(
      back.filter(({ setting }) => setting.startsWith('submission')),
      [
        {
          task: 'smtps',
          fragment: 'strict:master.cf:587',
          setting: 'submission/inet',
          file: MASTER,
          before: back.find(({ setting }) => setting === 'submission/inet')?.before,
          after: null,
        },
      ],
    );
  });
});

describe('plan: profiles with selected tasks', () => {
  const [stock] = cases().filter(({ title }) => title === 'recipe/stock-debian-12');
  assert.ok(stock);
  const strict = applied(stock, 'strict');
  const part = (on: Host, profile: Profile, tasks: readonly TaskName[]): Plan => {
    const { domain, domains } = on.policy;
    return composePart(on.snapshot, { domain, domains, profile }, tasks).plan;
  };

  for (const name of TASKS.filter((one) => one !== 'install' && one !== 'certbot' && one !== 'restart'))
    it(`${name} by itself has nothing to do under strict and undoes nothing`, () => {
      const { changes, settings } = part(strict, 'strict', [name]);
      assert.deepEqual([changes, settings], [[], []]);
    });

  it('a task repairs its own settings, and the record stays whole', () => {
    const his = edited(strict, MAIN, (bytes) =>
      bytes.replace('smtpd_tls_ciphers = high', 'smtpd_tls_ciphers = medium'),
    );
    const mended = { ...his, snapshot: afterwards(his, part(his, 'strict', ['starttls'])) };
    assert.equal(mended.snapshot.files[MAIN]?.bytes, strict.snapshot.files[MAIN]?.bytes);
    assert.equal(readRecord(mended.snapshot).settings.length, readRecord(strict.snapshot).settings.length);
    assert.match(applied(mended, 'standard').snapshot.files[MAIN]?.bytes ?? '', /^smtpd_tls_ciphers = medium$/m);
  });

  it('selected tasks cannot change the profile', () => {
    for (const [on, profile] of [
      [stock, 'strict'],
      [strict, 'standard'],
    ] as const) {
      assert.throws(
        () => part(on, profile, ['starttls']),
        (error) => error instanceof HardenMailError && error.code === 'USAGE' && /profile/.test(error.message),
      );
    }
  });
});
