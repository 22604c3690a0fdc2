import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientSettings, Policy } from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { clientFiles, serviceRecords } from '../../../src/report/client-files.ts';
import { clientLines } from '../../../src/report/client-lines.ts';
import { clientSetup } from '../../../src/compute/client-setup.ts';
import { flow } from '../../../src/run/commands/mail-clients.ts';
import { afterwards, cases } from '../../support/plan/cases.ts';
import { host } from '../../support/plan/host.ts';
import { fakeWorld, HOSTS, io, optionsFor } from './world.ts';

const STOCK = cases().find(({ title }) => title === 'recipe/stock-debian-12')!;

const setupOf = (over: Partial<Policy> = {}): ClientSettings => {
  const policy = { ...STOCK.policy, ...over };
  const found = clientSetup(afterwards(STOCK, compose(STOCK.snapshot, policy)), policy);
  assert.ok(found);
  return found;
};
const shown = ({ services }: ClientSettings): string[] =>
  services.map(({ protocol, port, security }) => `${protocol} ${port} ${security}`);

/** A host of Dovecot alone with these lines. */
const dovecot = (lines: string): ClientSettings | null => {
  const { snapshot, policy } = host({
    '/etc/dovecot/dovecot.conf': `protocols = imap\nssl = required\n${lines}`,
  });
  return clientSetup(snapshot, policy);
};

describe('run: the settings of mail clients', () => {
  it('a host with the profile standard offers IMAP, POP3 and 465, and refuses logins without TLS', () => {
    const setup = setupOf();
    assert.deepEqual(shown(setup), [
      'imap 993 tls',
      'imap 143 starttls',
      'pop3 995 tls',
      'pop3 110 starttls',
      'smtp 465 tls',
    ]);
    assert.deepEqual(setup.refused, ['logins without TLS: IMAP 143, POP3 110']);
    assert.equal(setup.server, 'mx1.example.test');
  });

  it('a host with the profile strict also offers 587, and no logins on 25', () => {
    const setup = setupOf({ profile: 'strict', asked: ['no-pop3'] });
    assert.deepEqual(shown(setup), ['imap 993 tls', 'imap 143 starttls', 'smtp 465 tls', 'smtp 587 starttls']);
    assert.deepEqual(setup.refused, ['logins without TLS: IMAP 143, SMTP 587', 'logins of any kind: SMTP 25']);
  });

  it('a stock host offers no port for sending, and its IMAP is offered', () => {
    const found = clientSetup(STOCK.snapshot, STOCK.policy);
    assert.ok(found?.services.every(({ protocol }) => protocol !== 'smtp'));
  });

  it('a listener on the loopback interface, and an exception for a network, are not offered', () => {
    const found = dovecot('service imap-login {\n inet_listener imap {\n address = 127.0.0.1\n }\n}\nlogin_trusted_networks = 10.0.0.0/8\n'); // oxfmt-ignore
    assert.deepEqual(found && shown(found), ['imap 993 tls']);
  });

  for (const [lines, login] of [
    ['passdb {\n driver = pam\n}\n', 'name'],
    ['passdb {\n driver = pam\n}\nauth_username_format = %Ln\n', 'address'],
    ['passdb {\n driver = passwd-file\n args = /etc/dovecot/users\n}\n', 'address'],
    ['', 'address'],
  ] as const)
    it(`users log in with their ${login} where Dovecot has ${JSON.stringify(lines)}`, () => {
      assert.equal(dovecot(lines)?.login, login);
    });

  it('domains of mail addresses are those that main.cf names, without the name of the host itself', () => {
    const { snapshot, policy } = host({
      '/etc/postfix/main.cf':
        'mydestination = $myhostname, example.test, localhost.example.test, localhost, hash:/etc/postfix/d, ../../etc\nvirtual_mailbox_domains = Second.test\n',
      '/etc/postfix/master.cf': 'smtp inet n - y - - smtpd\n',
      '/etc/dovecot/dovecot.conf': 'protocols = imap\n',
    });
    assert.deepEqual(clientSetup(snapshot, policy)?.domains, ['second.test', 'example.test']);
  });
});

describe('report: files for mail clients', () => {
  const setup = setupOf();
  const [autoconfig, autodiscover, profile] = clientFiles(setup, 'example.test');

  it('the file of Mozilla has every service, and the user name that the host expects', () => {
    assert.equal(autoconfig?.text.match(/<(incoming|outgoing)Server/g)?.length, setup.services.length);
    assert.match(autoconfig?.text ?? '', /<socketType>SSL<\/socketType>/);
    const named = clientFiles({ ...setup, login: 'name' }, 'example.test')[0]?.text ?? '';
    assert.match(named, /<username>%EMAILLOCALPART%<\/username>/);
  });

  it('the file of Outlook and the profile of Apple have the preferred service of each protocol', () => {
    assert.deepEqual([...(autodiscover?.text ?? '').matchAll(/<Port>(\d+)/g)].map(([, port]) => port), ['993', '995', '465']); // oxfmt-ignore
    assert.match(profile?.text ?? '', /IncomingMailServerPortNumber<\/key><integer>993</);
    assert.match(profile?.text ?? '', /OutgoingMailServerPortNumber<\/key><integer>465</);
  });

  it('a profile of Apple has the same identity each time, and another for another domain', () => {
    const ids = (domain: string): string[] => clientFiles(setup, domain)[2]?.text.match(/[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}/g) ?? []; // oxfmt-ignore
    assert.deepEqual(ids('example.test'), ids('example.test'));
    assert.equal(new Set([...ids('example.test'), ...ids('second.test')]).size, 4);
  });

  it('the SRV records prefer TLS from the first byte, and deny a service that is not there', () => {
    assert.deepEqual(serviceRecords(setup, 'example.test').slice(-2), [
      '_submissions._tcp.example.test. IN SRV 0 1 465 mx1.example.test.',
      '_submission._tcp.example.test. IN SRV 0 0 0 .',
    ]);
  });

  it('the text fits 80 columns', () => {
    for (const line of clientLines(setupOf({ profile: 'strict' }))) assert.ok(line.length <= 80, line);
  });
});

describe('run: clients', () => {
  it('--write writes the three files of each domain, and nothing is written on the host', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'harden-mail-clients-'));
    try {
      const fake = fakeWorld([{ name: 'mx1' }]);
      const options = optionsFor(fake, { clientsTo: folder, mailDomains: ['a.test', 'b.test'] });
      const [result] = await flow(HOSTS('mx1'), options, io());
      assert.equal(result?.ending.kind, 'clients');
      assert.deepEqual(readdirSync(folder).sort(), ['a.test', 'b.test']);
      assert.deepEqual(readdirSync(join(folder, 'a.test')).sort(), [
        'a.test.mobileconfig',
        'autodiscover.xml',
        'config-v1.1.xml',
      ]);
      assert.match(readFileSync(join(folder, 'b.test', 'config-v1.1.xml'), 'utf8'), /<domain>b\.test</);
      assert.deepEqual(fake.log, ['mx1 connect', 'mx1 gather']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a folder that cannot be written is an error with the reason', async () => {
    const options = optionsFor(fakeWorld([{ name: 'mx1' }]), { clientsTo: '/dev/null/x' });
    const [result] = await flow(HOSTS('mx1'), options, io());
    assert.ok(result?.ending.kind === 'failed');
    assert.match(result.ending.message, /^--write \/dev\/null\/x cannot be written: ENOTDIR$/);
  });

  it('a host without logins inside TLS has nothing to set up', async () => {
    const options = optionsFor(fakeWorld([{ name: 'mx1', bare: true }]));
    const [result] = await flow(HOSTS('mx1'), options, io());
    assert.ok(result?.ending.kind === 'failed');
    assert.match(result.ending.message, /offers no logins inside TLS/);
  });
});
