/** What is said of what was seen: cases as data. */
import assert from 'node:assert/strict';
import type { TlsSeen } from '../../../src/audit/enumerate.ts';
import { judgePort, weighed } from '../../../src/audit/judge.ts';
import type { PortSeen } from '../../../src/audit/look.ts';
import { AUDIT_PORTS } from '../../../src/verify/mail-ports.ts';
import type { Version } from '../../../src/tls/suite-names.ts';
import { SUITES } from '../../../src/tls/suites.ts';

const idOf = (name: string): number => SUITES.find((suite) => suite.name === `TLS_${name}`)?.id ?? assert.fail(name);
const GOOD = 'ECDHE_RSA_WITH_AES_128_GCM_SHA256';

function tls(versions: Partial<Record<Version, readonly string[]>>, more: Partial<TlsSeen> = {}): TlsSeen {
  return {
    versions: Object.entries(versions).map(([version, names]) => ({
      version: version as Version,
      suites: names.map(idOf),
      order: names.length > 1 ? 'server' : null,
    })),
    groups: [29],
    primes: [],
    chains: [],
    classic: { secureRenegotiation: true, extendedMasterSecret: true, compression: false, fallbackRefused: null },
    ...more,
  };
}

function seen(port: number, more: Partial<PortSeen>): PortSeen {
  return {
    port: AUDIT_PORTS.find((one) => one.port === port) ?? assert.fail(String(port)),
    session: {
      greeting: '220 mx ESMTP',
      clear: [],
      inside: [],
      secure: true,
      version: 'TLSv1.3',
      leaf: null,
      smtp: null,
    },
    ...{
      tls: null,
      chains: [],
      injection: null,
      renegotiates: null,
      why: '',
      connections: 1,
      local: false,
      seconds: 0,
    },
    ...more,
  };
}

const all = (port: number, more: Partial<PortSeen>): string[] =>
  judgePort(seen(port, more))
    .filter(({ weight }) => weight?.severity !== 'ok')
    .map(({ check, status, weight }) => `${check} ${weight?.severity} ${status}`);

const MODERN = { 'TLS 1.2': [GOOD], 'TLS 1.3': ['AES_128_GCM_SHA256'] };
const CASES: readonly { name: string; tls: TlsSeen; on25: string[]; on993: string[] }[] = [
  { name: 'the TLS of the profile strict', tls: tls(MODERN), on25: [], on993: [] },
  {
    name: 'SSL 3.0',
    tls: tls({ 'SSL 3.0': ['RSA_WITH_AES_128_CBC_SHA'], ...MODERN }),
    on25: ['tls-versions medium fail', 'tls-suites info hint'],
    on993: ['tls-versions high fail', 'tls-suites low warn'],
  },
  {
    name: 'anonymous, RC4 and export suites',
    tls: tls({
      ...MODERN,
      'TLS 1.2': [GOOD, 'DH_anon_WITH_AES_128_CBC_SHA', 'RSA_WITH_RC4_128_SHA', 'RSA_EXPORT_WITH_RC4_40_MD5'],
    }),
    on25: ['tls-suites medium fail', 'tls-suites low warn', 'tls-suites low warn'],
    on993: ['tls-suites high fail', 'tls-suites high fail', 'tls-suites medium fail'],
  },
  {
    name: 'TLS 1.0 and nothing better, RSA only',
    tls: tls({ 'TLS 1.0': ['RSA_WITH_AES_128_CBC_SHA'] }, { groups: [] }),
    on25: ['tls-versions high fail', 'tls-versions low warn', 'tls-suites medium fail', 'tls-suites info hint'],
    on993: ['tls-versions high fail', 'tls-versions medium fail', 'tls-suites medium fail', 'tls-suites low warn'],
  },
  {
    name: 'a prime of 1024 bits',
    tls: tls(MODERN, { primes: [{ prime: Buffer.alloc(128), bits: 1024 }] }),
    on25: ['key-exchange low warn'],
    on993: ['key-exchange medium fail'],
  },
  {
    name: 'a prime of 768 bits',
    tls: tls(MODERN, { primes: [{ prime: Buffer.alloc(96), bits: 768 }] }),
    on25: ['key-exchange high fail'],
    on993: ['key-exchange high fail'],
  },
  {
    name: 'old faults of TLS itself',
    tls: tls(MODERN, {
      classic: { secureRenegotiation: false, extendedMasterSecret: false, compression: true, fallbackRefused: false },
    }),
    ...(() => {
      const faults = ['renegotiation-secure high fail', 'compression medium fail', 'extended-master-secret low warn'];
      return { on25: [...faults, 'fallback low warn'], on993: [...faults, 'fallback low warn'] };
    })(),
  },
];

describe('audit: findings and their severity', () => {
  for (const { name, tls, on25, on993 } of CASES)
    it(`the findings on ports 25 and 993 have the expected severity: ${name}`, () => {
      assert.deepEqual(all(25, { tls }), on25);
      assert.deepEqual(all(993, { tls }), on993);
    });

  it('a TLS session without a known version is reported as incomplete, not as "no TLS"', () => {
    assert.deepEqual(all(993, { tls: tls({}), why: 'nothing was answered' }), ['complete low warn']);
  });

  it('a port where no server answers gives no finding', () =>
    assert.deepEqual(judgePort(seen(25, { session: null })), []));

  it('a server that carries out a command injected behind STARTTLS gives a finding of high severity', () =>
    assert.deepEqual(all(143, { injection: 'taken' }), ['starttls-injection high fail']));

  for (const [code, text, expected] of [
    [250, '250 ok', ['open-relay high fail']],
    [454, '454 4.7.1 Relay access denied', []],
    [450, '450 4.2.0 Greylisted', ['open-relay info hint']],
    [554, '554 5.7.1 Relay access denied', []],
  ] as const)
    it(`a relay attempt that is answered with "${text}" gives ${expected.join(', ') || 'no finding'}`, () => {
      const smtp = {
        relay: { begun: true, taken: code === 250, code, text },
        vrfy: { nobody: 502, postmaster: 502 },
        auth: null,
      };
      const { session } = seen(25, {});
      assert.deepEqual(all(25, { session: session && { ...session, smtp } }), expected);
    });

  it('findings of verify get a severity and settings by the daemon behind the port', () => {
    const finding = { check: 'no-plain-login', status: 'fail', text: '', via: 'direct' } as const;
    assert.equal(weighed({ port: 25, ...finding }).weight?.severity, 'high');
    assert.deepEqual(weighed({ port: 25, ...finding }).weight?.settings, ['smtpd_tls_auth_only']);
    assert.ok(weighed({ port: 143, ...finding }).weight?.settings.includes('auth_allow_cleartext'));
  });
});
