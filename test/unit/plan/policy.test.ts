import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';
import type { Host } from '../../../src/model/index.ts';
import { policyFor } from '../../../src/plan/policy.ts';
import { host } from '../../support/plan/host.ts';

const { facts } = host({}).snapshot;
const named = (domain: string): Host => ({ name: 'mx', hostname: '192.0.2.1', profile: 'standard', domain });
const unnamed: Host = { name: 'mx', hostname: '192.0.2.1', profile: 'standard' };
const refused = (hint: RegExp) => (error: unknown) =>
  error instanceof HardenMailError &&
  error.code === 'DOMAIN_MISMATCH' &&
  /not a full domain name/.test(error.message) &&
  hint.test(error.hint);

describe('plan: the policy of a host', () => {
  for (const [given, domain] of [
    ['mail.example.org', 'mail.example.org'],
    ['Mail.Example.ORG', 'mail.example.org'],
    ['mail.example.org.', 'mail.example.org'],
    ['a.b', null],
    ['a.io', 'a.io'],
    ['1.example.org', '1.example.org'],
    ['x--y.example.org', 'x--y.example.org'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['почта.рф', 'xn--80a1acny.xn--p1ai'],
    ['mail。example。org', 'mail.example.org'],
    [`${'a'.repeat(63)}.example.org`, `${'a'.repeat(63)}.example.org`],
    [`${'a'.repeat(64)}.example.org`, null],
    [`${'a.'.repeat(125)}org`, `${'a.'.repeat(125)}org`],
    [`${'a.'.repeat(126)}org`, null],
    ['mail_1.example.org', null],
    ['mail', null],
    ['localhost', null],
    ['', null],
    ['.', null],
    ['mail..example.org', null],
    ['.example.org', null],
    ['mail.example.org..', null],
    ['-mail.example.org', null],
    ['mail-.example.org', null],
    ['*.example.org', null],
    ['192.0.2.1', null],
    ['[192.0.2.1]', null],
    ['2001:db8::1', null],
    ['mail.example.1', null],
    ['mail.example.org\nx', null],
    ['mail.example.org x', null],
    ["mail.example.org'; reboot #", null],
    ['mail.example.org/../x', null],
    ['user@example.org', null],
    ['１９２.0.2.1', null],
    ['ex\u00adample.org\u202e', null],
  ] as const) {
    it(`the domain ${JSON.stringify(given)} is ${domain === null ? 'refused' : `read as ${domain}`}`, () => {
      if (domain === null) assert.throws(() => policyFor(named(given), facts), refused(/Give --domain/));
      else assert.equal(policyFor(named(given), facts).domain, domain);
    });
  }

  it("the host's own name is the domain when no domain is given", () => {
    assert.deepEqual(policyFor(unnamed, facts), {
      profile: 'standard',
      domain: 'mx1.example.test',
      domains: ['mx1.example.test'],
    });
    assert.throws(() => policyFor(unnamed, { ...facts, hostname: 'mx1' }), refused(/myhostname/));
  });

  it('the policy has the values of the inventory and no others', () => {
    const full: Host = {
      ...named('a.example.org'),
      request: { email: 'a@example.org', acmeServer: 'https://acme.example.org/', webroot: '/srv/www', keyType: 'rsa' },
      domains: ['B.example.org.', 'a.example.org'],
      replace: ['sasl', 'mta'],
      port: 22,
    };
    assert.deepEqual(policyFor({ ...full, profile: 'strict' }, facts), {
      profile: 'strict',
      replace: ['sasl', 'mta'],
      domain: 'a.example.org',
      domains: ['a.example.org', 'b.example.org'],
      request: full.request,
    });
  });

  it('an invalid additional name is refused by name', () => {
    const host = { ...named('a.example.org'), domains: ['b.example.org', '*.example.org'] };
    assert.throws(() => policyFor(host, facts), refused(/--domains/));
  });

  it('additional names come from the inventory, or else from the last apply', () => {
    const sni = [{ names: ['Mail.Other.Example.', 'imap.other.example'], cert: '/c', key: '/k' }];
    const clean = [{ names: ['mail.other.example', 'imap.other.example'], cert: '/c', key: '/k' }];
    assert.deepEqual(policyFor({ ...unnamed, sni }, facts).sni, clean);
    assert.deepEqual(policyFor(unnamed, facts, { sni }).sni, clean);
    assert.equal(policyFor({ ...unnamed, sni: [] }, facts, { sni }).sni, undefined);
  });

  it('a name with two certificates is refused', () => {
    const twice = (sni: Host['sni']) => () => policyFor({ ...named('mail.example.org'), ...(sni && { sni }) }, facts);
    assert.throws(
      twice([{ names: ['MAIL.example.org'] }]),
      /mail\.example\.org would have two certificates: .* is the domain/,
    );
    assert.throws(
      twice([{ names: ['a.example'] }, { names: ['a.example.'] }]),
      /a\.example would have two .* once more in sni/,
    );
    assert.throws(twice([{ names: ['a'] }]), refused(/Fix it in sni/));
  });
});
