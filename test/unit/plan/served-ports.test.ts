import assert from 'node:assert/strict';
import type { Policy } from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { readRecord, RECORD, renderRecord, type ProfileRecord } from '../../../src/plan/profile/record.ts';
import { servingOf } from '../../../src/plan/serving/served-ports.ts';
import { host, type Description } from '../../support/plan/host.ts';

const MAIN = '/etc/postfix/main.cf';
const MASTER = '/etc/postfix/master.cf';
const CONF = '/etc/dovecot/dovecot.conf';
const POSTFIX = { [MAIN]: 'mydestination = mx1.example.test\n', [MASTER]: 'smtp inet n - y - - smtpd\n' };

interface Given extends Description {
  readonly main?: string;
  readonly master?: string;
  readonly conf?: string;
  readonly record?: Partial<ProfileRecord>;
}

function made({ main, master, conf, record, ...description }: Given) {
  const { packages } = description as { packages?: Record<string, unknown> };
  const files = {
    [MAIN]: main ?? POSTFIX[MAIN],
    [MASTER]: master ?? POSTFIX[MASTER],
    ...(packages?.['dovecot-core'] !== null && { [CONF]: conf ?? '' }),
    ...(record && { [RECORD]: renderRecord({ ...NOTHING, ...record }) }),
  };
  return host(files, description);
}

const NOTHING: ProfileRecord = { profile: 'standard', asked: [], settings: [], sni: [] };

/** What is left out, and which ports are closed, in words. */
function leftOut(given: Given): { services: string[]; closed: number[] } {
  const { snapshot, policy } = made(given);
  const { leftOut: found, closed } = servingOf(snapshot, policy);
  return {
    services: found.map(({ service, why }) => `${service}: ${why}`),
    closed: [...closed.keys()].sort((a, b) => a - b),
  };
}

const without = (...names: string[]): Description => ({
  packages: Object.fromEntries(names.map((name) => [name, null])) as unknown as Description['packages'] & object,
});
const of = (policy: Partial<Policy>): Description => ({ policy });
const NO_DOVECOT = without('dovecot-core', 'dovecot-imapd', 'dovecot-pop3d');
const RELAY = 'mydestination =\nrelay_domains = example.test\n';
const bothLeftOut = (why: string): string[] =>
  ['imap', 'pop3'].map((service) => `${service}: Dovecot is not installed, and ${why}`);

describe('plan: the services of a host', () => {
  const cases: Readonly<Record<string, [Given, string[], number[]]>> = {
    'a stock host serves everything': [{}, [], []],
    'a host without Dovecot leaves nothing out, because the recipe installs Dovecot': [NO_DOVECOT, [], []],
    'a host without Dovecot and without Postfix leaves nothing out, whatever its files contain': [
      { ...without('postfix', 'dovecot-core', 'dovecot-imapd', 'dovecot-pop3d'), main: RELAY },
      [],
      [],
    ],
    'a Postfix that relays for other servers does without Dovecot': [
      { ...NO_DOVECOT, main: RELAY },
      bothLeftOut(`Postfix passes its mail on (${MAIN}:2: relay_domains = example.test)`),
      [110, 143, 465, 587, 993, 995],
    ],
    'a Postfix that delivers to another server does without Dovecot': [
      { ...NO_DOVECOT, main: 'store = lmtp:[10.0.0.9]\nvirtual_transport = $store\n' },
      bothLeftOut(`Postfix passes its mail on (${MAIN}:2: virtual_transport = $store)`),
      [110, 143, 465, 587, 993, 995],
    ],
    'a Postfix without a domain of its own does without Dovecot': [
      { ...NO_DOVECOT, main: 'mydestination =\n' },
      bothLeftOut(`Postfix passes its mail on (${MAIN}:1: mydestination =)`),
      [110, 143, 465, 587, 993, 995],
    ],
    'a Postfix with virtual mailboxes leaves nothing out': [
      { ...NO_DOVECOT, main: 'mydestination =\nvirtual_mailbox_domains = example.test\n' },
      [],
      [],
    ],
    'a Postfix with a transport to a local Dovecot leaves nothing out': [
      { ...NO_DOVECOT, main: 'virtual_transport = lmtp:unix:private/dovecot-lmtp\n' },
      [],
      [],
    ],
    'a Postfix whose users log in by Cyrus SASL does without Dovecot': [
      { ...NO_DOVECOT, main: 'smtpd_sasl_auth_enable = yes\n', cyrus: true },
      bothLeftOut(`Cyrus SASL checks passwords (${MAIN}:1)`),
      [110, 143, 993, 995],
    ],
    'a host with another IMAP server leaves IMAP out': [
      { ...NO_DOVECOT, listeners: [{ address: '*', port: 993, process: 'couriertcpd' }] },
      ['imap: Dovecot is not installed, and couriertcpd serves port 993'],
      [143, 993],
    ],
    'the record of --no-serve counts while Dovecot is not installed': [
      { ...NO_DOVECOT, record: { noServe: ['imap', 'pop3'] } },
      [
        'imap: Dovecot is not installed, by --no-serve imap of an earlier run',
        'pop3: Dovecot is not installed, by --no-serve pop3 of an earlier run',
      ],
      [110, 143, 465, 587, 993, 995],
    ],
    'the record of --no-serve does not count once Dovecot is installed': [
      { record: { noServe: ['imap', 'pop3'] } },
      [],
      [],
    ],
    '--serve outweighs the record and the configuration of a relay': [
      { ...NO_DOVECOT, ...of({ serve: ['imap', 'pop3'] }), main: RELAY, record: { noServe: ['imap', 'pop3'] } },
      [],
      [],
    ],
    'a missing package for POP3 leaves POP3 out': [
      without('dovecot-pop3d'),
      ['pop3: the package dovecot-pop3d is not installed'],
      [110, 995],
    ],
    'a missing package for IMAP leaves IMAP out': [
      without('dovecot-imapd'),
      ['imap: the package dovecot-imapd is not installed'],
      [143, 993],
    ],
    'a Dovecot without both packages serves logins only': [
      without('dovecot-imapd', 'dovecot-pop3d'),
      ['imap: the package dovecot-imapd is not installed', 'pop3: the package dovecot-pop3d is not installed'],
      [110, 143, 993, 995],
    ],
    'a package that dpkg has not finished counts as installed': [
      { packages: { 'dovecot-pop3d': { version: '1', status: 'half-configured' } } },
      [],
      [],
    ],
    'protocols without POP3 leaves POP3 out': [
      { conf: 'ssl = yes\nprotocols = imap lmtp\n' },
      [`pop3: ${CONF}:2: protocols = imap lmtp`],
      [110, 995],
    ],
    'an empty protocols leaves both out': [
      { conf: 'protocols =\n' },
      [`imap: ${CONF}:1: protocols =`, `pop3: ${CONF}:1: protocols =`],
      [110, 143, 993, 995],
    ],
    'POP3 without both listeners is left out': [
      {
        conf: 'service pop3-login {\n inet_listener pop3 {\n  port = 0\n }\n inet_listener pop3s {\n  port = 0\n }\n}\n',
      },
      [`pop3: ${CONF}:3: inet_listener pop3 has port = 0`],
      [110, 995],
    ],
    'POP3 with one listener off is served, and the port is closed': [
      { conf: 'service pop3-login {\n inet_listener pop3 {\n  port = 0\n }\n}\n' },
      [],
      [110],
    ],
    'a listener on another port closes its own port': [
      { conf: 'service imap-login {\n inet_listener imaps {\n  port = 1993\n }\n}\n' },
      [],
      [993],
    ],
    'a listener with another name keeps the port open': [
      {
        conf: 'service imap-login {\n inet_listener imaps {\n  port = 0\n }\n inet_listener mine {\n  port = 993\n }\n}\n',
      },
      [],
      [],
    ],
    'a missing entry for port 25 leaves SMTP out': [
      { master: '#smtp inet n - y - - smtpd\n465 inet n - y - - smtpd\n' },
      [`smtp: ${MASTER} has no active entry for it`],
      [25],
    ],
    'port 25 on the loopback beside ports for users leaves SMTP out': [
      { master: '127.0.0.1:smtp inet n - y - - smtpd\n465 inet n - y - - smtpd\n' },
      [`smtp: ${MASTER}:1: 127.0.0.1:smtp is for the host itself`],
      [25],
    ],
    '--no-serve leaves the services out': [
      of({ noServe: ['pop3', 'smtp'] }),
      ['smtp: --no-serve smtp', 'pop3: --no-serve pop3'],
      [25, 110, 995],
    ],
    '--serve keeps a service that is not installed': [
      { ...without('dovecot-pop3d'), ...of({ serve: ['pop3'] }) },
      [],
      [],
    ],
    'files that cannot be read leave nothing out': [{ conf: 'service x {\n' }, [], []],
  };
  for (const [what, [given, services, closed]] of Object.entries(cases))
    it(what, () => {
      assert.deepEqual(leftOut(given), { services, closed });
    });

  for (const [what, given, sure, expected] of [
    [
      'allowed when the entry allows it',
      { master: 'smtp inet n - y - - smtpd -o smtpd_sasl_auth_enable=yes\n' },
      {},
      true,
    ],
    ['not allowed when no setting allows it', {}, {}, false],
    ['not allowed with strict', of({ profile: 'strict' }), {}, false],
    [
      'not allowed when the entry forbids it',
      { master: 'smtp inet n - y - - smtpd -o smtpd_sasl_auth_enable=no\n' },
      {},
      false,
    ],
    ['not allowed when main.cf forbids it', { main: 'smtpd_sasl_auth_enable = no\n' }, {}, false],
    ['allowed when main.cf allows it', { main: 'smtpd_sasl_auth_enable = yes\n' }, {}, true],
    ['not allowed when the plan forbids it', { main: 'smtpd_sasl_auth_enable = yes\n' }, { authOn25: false }, false],
  ] as const)
    it(`a login on port 25 is ${what}`, () => {
      const { snapshot, policy } = made(given);
      assert.equal(servingOf(snapshot, policy, sure).authOn25, expected);
    });

  it('a listener that strict closed for --no-pop3 is not a choice of the administrator', () => {
    const conf = 'service pop3-login {\n inet_listener pop3s {\n  port = 0\n }\n}\n';
    const record = renderRecord({ profile: 'strict', asked: ['no-pop3'], settings: [], sni: [] });
    const { snapshot, policy } = host({ ...POSTFIX, [CONF]: conf, [RECORD]: record });
    assert.deepEqual([...servingOf(snapshot, policy).closed.keys()], []);
  });

  it('apply installs no server that is left out, and reports it once', () => {
    const { snapshot, policy } = made(without('dovecot-pop3d'));
    const { actions, notes } = compose(snapshot, policy);
    assert.deepEqual(actions, []);
    assert.deepEqual(
      notes.filter(({ text }) => text.includes('POP3')).map(({ level, text }) => `${level}: ${text}`),
      [
        'info: POP3 is not served here, and stays so: the package dovecot-pop3d is not installed (--serve pop3 installs it)',
      ],
    );
  });

  describe('Postfix alone', () => {
    const planned = (given: Given) => {
      const { snapshot, policy } = made(given);
      return { ...compose(snapshot, policy), snapshot, policy };
    };
    const settings = (given: Given): string[] => planned(given).settings.map(({ fragment }) => fragment);
    const notes = (given: Given): string[] => planned(given).notes.map(({ text }) => text);

    it('gets TLS and no logins: neither a package, nor a setting for users, nor one of Dovecot', () => {
      const given = { ...NO_DOVECOT, main: RELAY };
      assert.deepEqual(planned(given).actions, []);
      assert.deepEqual(
        settings(given).filter((id) => !/^main\.cf:smtpd?_tls_/.test(id)),
        [],
      );
      assert.ok(settings(given).includes('main.cf:smtpd_tls_cert_file'));
      assert.deepEqual(
        notes(given).filter((text) => /alone|not served/.test(text)),
        [
          `IMAP is not served here, and stays so: Dovecot is not installed, and Postfix passes its mail on (${MAIN}:2: relay_domains = example.test) (--serve imap installs it)`,
          `POP3 is not served here, and stays so: Dovecot is not installed, and Postfix passes its mail on (${MAIN}:2: relay_domains = example.test) (--serve pop3 installs it)`,
          'Postfix works alone: no entry of Postfix offers logins, so 465 stays closed; --replace sasl installs Dovecot for logins',
        ],
      );
    });

    it('with strict gets no port for users and no file of Dovecot either', () => {
      const strict = { ...NO_DOVECOT, main: RELAY, ...of({ profile: 'strict' as const }) };
      assert.deepEqual(
        settings(strict).filter((id) => /587|465|dovecot|sasl/.test(id)),
        [],
      );
      assert.deepEqual(
        planned(strict).changes.filter(({ path }) => path.includes('dovecot')),
        [],
      );
    });

    it('keeps Cyrus SASL, and its users get 465', () => {
      const given = { ...NO_DOVECOT, main: 'smtpd_sasl_auth_enable = yes\n', cyrus: true as const };
      assert.deepEqual(planned(given).actions, []);
      assert.ok(settings(given).includes('master.cf:465'));
      assert.deepEqual(
        settings(given).filter((id) => /^dovecot|sasl_(type|path)/.test(id)),
        [],
      );
    });

    it('is what --no-serve imap,pop3 leads to, and the record keeps it for the next run', () => {
      const given = { ...NO_DOVECOT, ...of({ noServe: ['imap', 'pop3'] }) };
      const { actions, changes, snapshot } = planned(given);
      assert.deepEqual(actions, []);
      const record = changes.find(({ path }) => path === RECORD)?.after ?? '';
      const files = { ...snapshot.files, [RECORD]: { ...snapshot.files[MAIN]!, bytes: record } };
      assert.deepEqual(readRecord({ files }).noServe, ['imap', 'pop3']);
      assert.deepEqual(planned({ ...NO_DOVECOT, record: { noServe: ['imap', 'pop3'] } }).actions, []);
    });

    it('is not possible where logins need Dovecot: --no-serve imap,pop3 installs dovecot-core', () => {
      const needs = { ...of({ noServe: ['imap', 'pop3'] }), main: 'smtpd_sasl_auth_enable = yes\n' };
      assert.deepEqual(planned({ ...NO_DOVECOT, ...needs }).actions, [{ kind: 'install', packages: ['dovecot-core'] }]);
      assert.ok(
        notes({ ...NO_DOVECOT, ...needs }).includes(
          'Dovecot is not installed: this plan installs it, for the logins of Postfix',
        ),
      );
    });

    it('ends by --serve and by --replace sasl', () => {
      for (const [policy, packages] of [
        [{ serve: ['imap', 'pop3'] }, ['dovecot-imapd', 'dovecot-pop3d']],
        [{ replace: ['sasl'] }, ['dovecot-core']],
      ] as const)
        assert.deepEqual(planned({ ...NO_DOVECOT, ...of(policy), main: RELAY }).actions, [
          { kind: 'install', packages },
        ]);
    });

    it('is offered as a choice where the recipe installs Dovecot', () => {
      assert.deepEqual(planned(NO_DOVECOT).actions, [
        { kind: 'install', packages: ['dovecot-imapd', 'dovecot-pop3d'] },
      ]);
      assert.ok(
        notes(NO_DOVECOT).includes(
          'Dovecot is not installed: this plan installs it, as the recipe does; --no-serve imap,pop3 keeps Postfix alone',
        ),
      );
    });
  });

  it('--no-serve prevents the install of a server on a host without Dovecot', () => {
    const { snapshot, policy } = made({
      ...without('dovecot-core', 'dovecot-imapd', 'dovecot-pop3d'),
      ...of({ noServe: ['pop3'] }),
    });
    assert.deepEqual(compose(snapshot, policy).actions, [{ kind: 'install', packages: ['dovecot-imapd'] }]);
  });

  it("--serve is refused with the place of the administrator's line that leaves the service out", () => {
    const { snapshot, policy } = made({ conf: 'protocols = imap\n', ...of({ serve: ['pop3'] }) });
    assert.throws(() => compose(snapshot, policy), {
      code: 'CONFIG_CONFLICT',
      message: `--serve pop3, but ${CONF}:1: protocols = imap`,
    });
  });

  const refused = (given: Given) => () => {
    const { snapshot, policy } = made(given);
    compose(snapshot, policy);
  };
  for (const value of ['loopback-only', '127.0.0.1', 'localhost', '127.0.0.1, [::1]'])
    it(`a Postfix with inet_interfaces = ${value} is refused with the reason`, () => {
      assert.throws(refused({ main: `inet_interfaces = ${value}\n` }), {
        code: 'CONFIG_CONFLICT',
        message: /^Postfix listens on loopback only \(\/etc\/postfix\/main\.cf: inet_interfaces = /,
      });
    });

  it('a Postfix on loopback with an entry for users on another address is accepted', () => {
    assert.doesNotThrow(
      refused({
        main: 'inet_interfaces = loopback-only\n',
        master: 'smtp inet n - y - - smtpd\n10.0.0.1:465 inet n - y - - smtpd\n',
      }),
    );
  });

  it('a Postfix on loopback with a proxy on the same host is accepted', () => {
    const listeners = [{ address: '10.0.0.1', port: 25, process: 'haproxy' }];
    assert.doesNotThrow(refused({ main: 'inet_interfaces = loopback-only\n', listeners }));
  });
});
