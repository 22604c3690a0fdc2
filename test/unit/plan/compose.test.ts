import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';
import { TASKS, type Plan, type TaskOutcome } from '../../../src/model/index.ts';
import { compose, planFingerprint } from '../../../src/plan/compose.ts';
import { assertSupported } from '../../../src/debian/supported.ts';
import { RECIPE } from '../../../src/tasks/index.ts';
import { afterwards, cases, type Case } from '../../support/plan/cases.ts';
import { host } from '../../support/plan/host.ts';

const found = cases();
const named = (title: string): Case => {
  const one = found.find((each) => each.title === title);
  if (!one) throw new Error(`no case ${title}`);
  return one;
};
const planOf = ({ snapshot, policy }: Case): Plan => compose(snapshot, policy);
const outcomes = (plan: Plan): Record<string, Omit<TaskOutcome, 'name'>> =>
  Object.fromEntries(plan.tasks.map(({ name, ...rest }) => [name, rest]));

describe('plan: the whole recipe', () => {
  const stock = named('recipe/stock-debian-12');

  it('a master.cf with more than 1,000 services is refused, because each edit is judged for each of them', () => {
    const path = '/etc/postfix/master.cf';
    const file = stock.snapshot.files[path]!;
    const bytes = `${file.bytes}${Array.from({ length: 1000 }, (_, n) => `${10_000 + n} inet n - y - - smtpd\n`).join('')}`;
    const snapshot = { ...stock.snapshot, files: { ...stock.snapshot.files, [path]: { ...file, bytes } } };
    assert.throws(() => compose(snapshot, stock.policy), {
      code: 'CONFIG_INVALID',
      message: /^\/etc\/postfix\/master\.cf has 10\d\d services, and more than 1000 are not planned for$/,
    });
  });

  it('a master.cf with more than 5,000 options is refused, because each removed option is a new reading of the file', () => {
    const path = '/etc/postfix/master.cf';
    const file = stock.snapshot.files[path]!;
    const bytes = `${file.bytes}2525 inet n - y - - smtpd\n${Array.from({ length: 5001 }, (_, n) => ` -o a${n}=b\n`).join('')}`;
    const snapshot = { ...stock.snapshot, files: { ...stock.snapshot.files, [path]: { ...file, bytes } } };
    assert.throws(() => compose(snapshot, stock.policy), {
      code: 'CONFIG_INVALID',
      message: /^\/etc\/postfix\/master\.cf has services with \d+ options, and more than 5000 are not planned for$/,
    });
  });

  it('the time of a plan grows with the number of filter blocks of Dovecot, and not with its square', () => {
    const path = '/etc/dovecot/dovecot.conf';
    const { snapshot, policy } = named('recipe/hardened-upgraded-to-debian-13');
    const file = snapshot.files[path]!;
    const blocks = Array.from({ length: 4000 }, (_, n) => `local ${n}.example.test {\n ssl_cert = </${n}\n}\n`);
    const bytes = file.bytes.replace('!include conf.d', `${blocks.join('')}!include conf.d`);
    const before = process.cpuUsage();
    compose(
      { ...snapshot, files: { ...snapshot.files, [path]: { ...file, bytes } } },
      { ...policy, profile: 'strict' },
    );
    assert.ok(process.cpuUsage(before).user < 8e6); // 1 s; the square took 17 s
  });

  it('the plan lists every task in the order of the recipe', () => {
    assert.deepEqual(
      RECIPE.map(({ name }) => name),
      TASKS,
    );
    assert.deepEqual(
      planOf(stock).tasks.map(({ name }) => name),
      TASKS,
    );
  });

  it('the plan says in one line what each task changes', () => {
    assert.deepEqual(outcomes(planOf(stock)), {
      install: { state: 'ok', summary: 'postfix, dovecot-imapd, dovecot-pop3d, certbot are there' },
      certbot: { state: 'change', summary: 'the certificate is there; its renewal hook is not' },
      sasl: {
        state: 'change',
        summary: '4 settings in main.cf, 3 in master.cf, 3 in 10-master.conf, 1 in 10-auth.conf',
      },
      starttls: { state: 'change', summary: '7 settings in main.cf' },
      smtps: { state: 'change', summary: '10 settings in master.cf' },
      plaintext: { state: 'change', summary: '1 setting in main.cf, 1 in 10-auth.conf' },
      'dovecot-ssl': { state: 'change', summary: '4 settings in 10-ssl.conf' },
      restart: { state: 'change', summary: 'reload dovecot: its files change; reload postfix: its files change' },
    });
  });

  it('the plan has nothing to do on a host where it was applied', () => {
    const again = compose(afterwards(stock, planOf(stock)), stock.policy);
    assert.deepEqual(
      [again.actions, again.settings, again.changes, again.activations, again.notes],
      [[], [], [], [], []],
    );
    assert.deepEqual(outcomes(again), {
      install: { state: 'ok', summary: 'postfix, dovecot-imapd, dovecot-pop3d, certbot are there' },
      certbot: { state: 'ok', summary: 'the certificate and its renewal hook are there' },
      sasl: { state: 'ok', summary: 'as it should be' },
      starttls: { state: 'ok', summary: 'as it should be' },
      smtps: { state: 'ok', summary: 'as it should be' },
      plaintext: { state: 'ok', summary: 'as it should be' },
      'dovecot-ssl': { state: 'ok', summary: 'as it should be' },
      restart: { state: 'ok', summary: 'the daemons run with what is on disk' },
    });
  });

  it('the plan says what cannot be known before the install', () => {
    const all = outcomes(planOf(named('recipe/nothing-installed')));
    assert.equal(
      all['install']?.summary,
      'would install postfix 3.7.11-0+deb12u1, dovecot-imapd 1:2.3.19.1+dfsg1-2.1+deb12u1, dovecot-pop3d 1:2.3.19.1+dfsg1-2.1+deb12u1, certbot 2.1.0-4',
    );
    assert.equal(all['certbot']?.summary, 'would request a certificate for mx1.example.test (http-01, standalone)');
    assert.deepEqual(all['dovecot-ssl'], {
      state: 'unknown',
      summary: '4 settings in 10-ssl.conf; what is there now is known after the install',
    });
    assert.equal(all['smtps']?.state, 'unknown');
    const half = outcomes(planOf(named('recipe/only-dovecot-missing')));
    assert.deepEqual(
      [half['starttls']?.state, half['sasl']?.state, half['dovecot-ssl']?.state],
      ['change', 'unknown', 'unknown'],
    );
    const noCertbot = outcomes(planOf(named('certbot/certbot-missing-certificate-there')));
    assert.deepEqual(noCertbot['certbot'], {
      state: 'unknown',
      summary: 'the certificate is there; its renewal hook would follow the install',
    });
  });

  it('compose is pure: it does not change its input and returns the same plan again', () => {
    const before = JSON.stringify([stock.snapshot, stock.policy]);
    const plan = JSON.stringify(planOf(stock));
    assert.equal(JSON.stringify(planOf(stock)), plan);
    assert.equal(JSON.stringify([stock.snapshot, stock.policy]), before);
  });

  it('the plan counts each changed setting once, with its file and both values', function () {
    this.timeout(60_000); // plans of every case
    for (const one of found) {
      if (one.expected.error) continue;
      const { settings, changes } = compose(one.snapshot, one.policy, one.tasks);
      const places = settings.map(({ file, setting }) => `${file} ${setting}`);
      assert.deepEqual([...new Set(places)], places, one.title);
      for (const { before, after, setting } of settings) assert.notEqual(before, after, `${one.title} ${setting}`);
      const own = /^\/(etc\/(letsencrypt|systemd|postfix\/harden-mail-sni)|var\/lib\/harden-mail)|\/openssl\.cnf$/;
      const edited = changes.filter(({ path }) => !own.test(path)).map(({ path }) => path);
      const told = new Set(settings.map(({ file }) => file).filter((file) => one.snapshot.files[file]));
      assert.deepEqual([...told].sort(), edited.sort(), one.title);
    }
  });

  it('the fingerprint changes with what is written and with nothing else', () => {
    const plan = planOf(stock);
    assert.match(planFingerprint(plan), /^[0-9a-f]{64}$/);
    assert.equal(planFingerprint(planOf(stock)), planFingerprint({ ...plan, notes: [], tasks: [], settings: [] }));
    const [first, ...rest] = plan.changes;
    assert.ok(first);
    assert.notEqual(planFingerprint(plan), planFingerprint({ ...plan, changes: rest }));
    assert.notEqual(planFingerprint(plan), planFingerprint({ ...plan, changes: [{ ...first, after: 'x' }, ...rest] }));
    assert.notEqual(planFingerprint(plan), planFingerprint({ ...plan, changes: [{ ...first, sha256: 'x' }, ...rest] }));
  });
});

describe('plan: supported systems', () => {
  const { facts } = host({}).snapshot;
  const refuses = (over: object, code: string, message: RegExp): void =>
    assert.throws(
      () => assertSupported({ ...facts, ...over }, 'mx1'),
      (error: unknown) => error instanceof HardenMailError && error.code === code && message.test(error.message),
    );

  it('Debian and Ubuntu are supported, with known versions or before the install', () => {
    for (const id of ['debian', 'ubuntu']) assertSupported({ ...facts, os: { ...facts.os, id } }, 'mx1');
    for (const postfix of ['3.1.0', '3.11.7', null]) assertSupported({ ...facts, postfix }, 'mx1');
    for (const dovecot of ['2.2.22', '2.4.5', null]) assertSupported({ ...facts, dovecot }, 'mx1');
  });

  it('another system is refused', () => {
    refuses(
      { os: { ...facts.os, id: 'rocky', pretty: 'Rocky Linux 9.5' } },
      'UNSUPPORTED_OS',
      /^mx1 runs Rocky Linux 9.5, not Debian or Ubuntu$/,
    );
    refuses({ os: { id: '', versionId: '', codename: '', pretty: '' } }, 'UNSUPPORTED_OS', /an unknown system/);
  });

  it('older and newer versions are refused', () => {
    for (const postfix of ['3.0.4', '2.11.3', '4.0.0']) refuses({ postfix }, 'UNSUPPORTED_VERSION', /Postfix/);
    for (const dovecot of ['2.1.7', '2.5.0', '3.0']) refuses({ dovecot }, 'UNSUPPORTED_VERSION', /Dovecot/);
  });
});
