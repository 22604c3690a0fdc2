/** `map` on real hosts: a stock one, and one with every danger. What it says is compared with what a stranger's session gets. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { ExposureMap, Finding } from '../../src/model/index.ts';
import { page } from '../../src/report/page.ts';
import { readDocument } from '../../src/report/document-schema.ts';
import { lab, type LabHost } from '../../src/lab/lab.ts';
import { credentials, hardenMail, scratch, to } from '../support/cli.ts';
import { mark, writtenSince } from '../support/host.ts';
import { IMAP, SMTP, talkInClear } from '../support/talk.ts';
import { HOST_COMMAND_NAMES, VIEWS } from '../support/report/views.ts';

const DANGERS = ['auth-on-reinjection', 'open-auth-socket', 'open-relay', 'plaintext-logins', 'wide-mynetworks'];

/** Each line is a danger of its own. */
const SPOIL = `
postconf -e 'smtpd_restriction_classes = everybody' 'everybody = permit' 'smtpd_relay_restrictions = everybody, reject_unauth_destination'
postconf -e 'mynetworks = 127.0.0.0/8 8.0.0.0/6'
postconf -e smtpd_sasl_auth_enable=yes smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth
postconf -M '127.0.0.1:10025/inet=127.0.0.1:10025 inet n - n - - smtpd'
cat >/etc/dovecot/conf.d/99-local.conf <<'END'
disable_plaintext_auth = no
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0666
  }
}
END
systemctl restart dovecot postfix@-
`;

interface Told {
  readonly outcome: string;
  readonly exit: number;
  readonly map: ExposureMap;
}

describe('the exposure map', function () {
  this.timeout(600_000);
  let stock: LabHost;
  let spoilt: LabHost;

  before(async () => {
    [stock, spoilt] = await Promise.all([lab.host({ mail: true, users: [{ name: 'ops', sudo: 'passwordless' }] }), lab.host({ mail: true })]); // oxfmt-ignore
    await spoilt.run(SPOIL);
  });
  after(() => Promise.all([stock?.stop(), spoilt?.stop()]));

  async function mapOf(host: LabHost): Promise<ExposureMap> {
    const { code, stdout, stderr } = await hardenMail(['map', '--json', ...to(host)]);
    assert.equal(code, 0, stderr + stdout);
    const { hosts } = JSON.parse(stdout) as { hosts: [Told] };
    assert.equal(hosts[0].outcome, 'mapped');
    return hosts[0].map;
  }
  const verdict = (map: ExposureMap, client: string, destination: string): string =>
    map.ways.find(({ port }) => port === 25)?.decisions.find((one) => one.client === client && one.destination === destination)?.verdict ?? 'none'; // oxfmt-ignore

  /** First digit of what a stranger on port 25 is answered at RCPT; nothing is sent. */
  async function rcpt(host: LabHost, recipient: string): Promise<string> {
    const talk = await talkInClear({ address: host.address, port: 25, name: host.name, root: '' });
    try {
      await talk.until(SMTP);
      await talk.ask('EHLO stranger.test', SMTP);
      await talk.ask('MAIL FROM:<somebody@stranger.test>', SMTP);
      return (await talk.ask(`RCPT TO:<${recipient}>`, SMTP)).at(-1)?.[0] ?? '';
    } finally {
      talk.end();
    }
  }

  it('map shows every listener of a stock host with its place in 80 columns, writes nothing, and logs in once', async () => {
    await mark(stock);
    const logins = (): Promise<string> => stock.run(`journalctl -b -o cat _COMM=sshd | grep -c '^Accepted' || true`);
    const before = Number(await logins());
    const { code, stdout } = await hardenMail(['map', ...to(stock, 'ops')]);
    assert.equal(code, 0, stdout);
    assert.equal(Number(await logins()) - before, 1);
    assert.deepEqual(await writtenSince(stock, '/etc', '/var/lib', '/root', '/srv'), []);
    assert.match(stdout, /^\S+ {2}Debian GNU\/Linux 12 \(bookworm\) · Postfix 3\.7/);
    assert.match(stdout, /^\*:25\n {2}smtp\/inet \(smtpd\) +\/etc\/postfix\/master\.cf:\d+\n {2}TLS +STARTTLS is offered\n {2}login +not offered$/m); // oxfmt-ignore
    assert.match(stdout, /^ {2}a stranger +accepted \[1\] +refused \[2\]$/m);
    for (const port of [110, 143, 993, 995]) assert.match(stdout, new RegExp(`^\\*:${port}$`, 'm'));
    assert.match(stdout, /^\S+ {2}5 ways in, no danger found\. Nothing was written\.\n$/m);
    assert.deepEqual(
      stdout.split('\n').filter((line) => line.length > 80),
      [],
    );
  });

  it('map names the lines of the entries of a stock host, and a real session of a stranger gets the same verdicts', async () => {
    const map = await mapOf(stock);
    const [mx] = map.ways;
    assert.match(await stock.run(`sed -n '${mx?.line}p' '${mx?.file}'`), /^smtp +inet .* smtpd/);
    assert.deepEqual(map.dangers, []);
    assert.deepEqual([verdict(map, 'stranger', 'local'), verdict(map, 'stranger', 'relay')], ['accepted', 'refused']);
    assert.equal(await rcpt(stock, `root@${stock.name}`), '2');
    assert.match(await rcpt(stock, 'victim@elsewhere.test'), /[45]/);
  });

  it('map names every danger with its place and its fix, counts the dangers, and exits with 0', async () => {
    await mark(spoilt);
    const { code, stdout } = await hardenMail(['map', ...to(spoilt)]);
    assert.equal(code, 0, stdout);
    const from = stdout.indexOf('\nDangers\n');
    const told = stdout.slice(from).replace(/\s+/g, ' ');
    const map = await mapOf(spoilt);
    assert.deepEqual([...new Set(map.dangers.map(({ id }) => id))].filter((id) => id !== 'any-sender').sort(), DANGERS);
    const counted = map.dangers.filter(({ id }) => id !== 'any-sender');
    for (const { text, file, line, hint } of counted) {
      for (const one of [text, `${file}:${line}`, `→ ${hint}`]) assert.ok(told.includes(one), `${one}\n${stdout}`);
      await spoilt.run(`test -n "$(sed -n '${line}p' '${file}')"`);
    }
    assert.match(stdout, new RegExp(`\\d+ ways in, ${counted.length} dangers\\. Nothing was written\\.\\n$`));
    assert.deepEqual(await writtenSince(spoilt, '/etc', '/var/lib', '/root', '/srv'), []);
  });

  it('map and a real session of a stranger agree on an open relay with logins in clear', async () => {
    const map = await mapOf(spoilt);
    assert.equal(verdict(map, 'stranger', 'relay'), 'accepted');
    assert.equal(await rcpt(spoilt, 'victim@elsewhere.test'), '2');
    const talk = await talkInClear({ address: spoilt.address, port: 143, name: spoilt.name, root: '' });
    const greeting = (await talk.until(IMAP)).join('\n');
    talk.end();
    assert.match(greeting, /AUTH=PLAIN/);
    assert.doesNotMatch(greeting, /LOGINDISABLED/);
  });

  it('map --json writes both hosts of an inventory into one document, whose page shows the dangers', async () => {
    const hosts = Object.fromEntries(
      [stock, spoilt].map(({ name, address }) => [name, { hostname: address, user: 'root' }]),
    );
    const inventory = scratch('inventory.json', JSON.stringify({ hosts }));
    const { code, stdout, stderr } = await hardenMail(['map', '--json', '--inventory', inventory, ...credentials({ ...stock, knownHosts: knownBy(stock, spoilt) })]); // oxfmt-ignore
    assert.equal(code, 0, stderr + stdout.slice(0, 500));
    const document = readDocument(JSON.parse(stdout), HOST_COMMAND_NAMES, VIEWS);
    if ('wrong' in document) return assert.fail(document.wrong);
    assert.deepEqual(
      document.hosts.map(({ outcome }) => outcome),
      ['mapped', 'mapped'],
    );
    assert.match(page(document, VIEWS), /relays for everybody: an open relay/);
  });

  it('doctor reports the dangers as warnings, which are no obstacles', async () => {
    const { stdout } = await hardenMail(['doctor', '--json', ...to(spoilt)]);
    const { hosts } = JSON.parse(stdout) as { hosts: [{ diagnoses: { check: string; status: string; text: string; exit: number }[] }] }; // oxfmt-ignore
    const warned = hosts[0].diagnoses.filter(({ status }) => status === 'warn');
    assert.deepEqual([...new Set(warned.map(({ check, exit }) => `${check} ${exit}`))], ['danger 0']);
    assert.match(
      warned[0]?.text ?? '',
      /^smtp\/inet relays for everybody: an open relay \(\/etc\/postfix\/master\.cf:\d+\)$/,
    );
    const healthy = await hardenMail(['doctor', ...to(stock)]);
    assert.match(healthy.stdout, /✔ dangers .* none found in 5 ways in/);
    assert.match(healthy.stdout, /ok: nothing is in the way of an apply\. Nothing was written\.\n$/);
  });

  it('check reports the dangers as warnings', async () => {
    const { stdout } = await hardenMail(['check', '--no-diff', ...to(spoilt)]);
    assert.match(
      stdout,
      /! danger: smtp\/inet relays for everybody: an open relay \(\/etc\/postfix\/master\.cf:\d+\)\. \S/,
    );
    const healthy = await hardenMail(['check', '--no-diff', ...to(stock)]);
    assert.doesNotMatch(healthy.stdout, /danger/);
  });

  it('verify --audit over SSH gives each danger a severity', async () => {
    const { stdout } = await hardenMail(['verify', '--audit', '--json', ...to(spoilt)]);
    const { hosts } = JSON.parse(stdout) as { hosts: [{ findings: Finding[] }] };
    const { findings } = hosts[0];
    const of = (check: string): string[] =>
      findings.filter((one) => one.check === check && one.status !== 'pass').map(({ port, status, weight }) => `${port} ${status} ${weight?.severity}`); // oxfmt-ignore
    assert.deepEqual(of('wide-mynetworks'), ['25 fail medium']);
    assert.deepEqual(of('open-auth-socket'), ['25 warn low']);
    assert.deepEqual(of('auth-on-reinjection'), ['10025 warn low']);
    assert.deepEqual(of('open-relay'), ['25 fail high']);
    assert.deepEqual(of('any-sender'), []);
  });
});

/** One file with the host keys of both. */
function knownBy(...hosts: readonly LabHost[]): string {
  return scratch('known_hosts', hosts.map(({ knownHosts }) => readFileSync(knownHosts, 'utf8')).join(''));
}
