import type { Severity } from '../model/index.ts';
import { GROUPS, groupName, VERSIONS } from '../tls/suite-names.ts';
import { suiteOf, type Suite } from '../tls/suites.ts';
import type { Port } from '../verify/mail-ports.ts';
import { fieldStrength } from '../x509/chain.ts';
import type { Classic, TlsSeen } from './enumerate.ts';
import type { Judgement } from './judgement.ts';

export function judgeTls(tls: TlsSeen, port: Port, renegotiates: boolean | null, spoken: boolean): Judgement[] {
  const judged = suites(tls, port.port);
  return [
    // A session worked, so a server without any version was not asked, or was too busy: `complete` reports that.
    ...(spoken && tls.versions.length === 0 ? [] : versions(tls, port.port)),
    ...judged,
    ...orders(
      tls,
      judged.some(({ severity }) => severity !== 'ok'),
      port.port,
    ),
    ...(tls.versions.length === 0 ? [] : [exchange(tls, port.port)]),
    ...(tls.classic ? classic(tls.classic) : []),
    ...(renegotiates === null ? [] : [renegotiation(renegotiates)]),
  ];
}

/**
 * On port 25 a server must accept what the other side supports, and the alternative is no encryption at all (RFC 7435): a
 * weakness weighs less there than on ports with logins.
 */
const byPort = (port: number, elsewhere: Severity): Severity =>
  port !== 25 ? elsewhere : elsewhere === 'high' ? 'medium' : elsewhere === 'medium' ? 'low' : 'info';

function versions({ versions }: TlsSeen, port: number): Judgement[] {
  const check = 'tls-versions';
  const names = versions.map(({ version }) => version);
  if (names.length === 0) return [{ check, kind: 'none', severity: 'high', text: 'accepts no version of TLS' }];
  const old = names.filter((name) => VERSIONS[name] < VERSIONS['TLS 1.2']);
  const missing = (['TLS 1.2', 'TLS 1.3'] as const).filter((name) => !names.includes(name));
  const said: Judgement[] = [];
  if (missing.length === 2)
    said.push({ check, kind: 'nothing-new', severity: 'high', text: `supports nothing newer than ${names.at(-1)}` });
  if (names.includes('SSL 3.0'))
    said.push({
      check,
      kind: 'ssl-3.0',
      severity: byPort(port, 'high'),
      text: 'accepts SSL 3.0',
      source: 'RFC 7568, CVE-2014-3566',
    });
  const dated = old.filter((name) => name !== 'SSL 3.0');
  if (dated.length > 0)
    said.push({
      check,
      kind: 'tls-1.0-1.1',
      severity: byPort(port, 'medium'),
      text: `accepts ${dated.join(' and ')}`,
      source: 'RFC 8996',
    });
  if (missing.length === 1 && missing[0] === 'TLS 1.3')
    said.push({ check, kind: 'no-tls-1.3', severity: 'low', text: 'does not support TLS 1.3' });
  if (missing.length === 1 && missing[0] === 'TLS 1.2')
    said.push({
      check,
      kind: 'no-tls-1.2',
      severity: 'info',
      text: 'does not support TLS 1.2, which some servers still need',
    });
  return said.length > 0 ? said : [{ check, severity: 'ok', text: `accepts ${names.join(' and ')}, no older version` }];
}

/** Weak suites, by their worst weakness, with its weight on ports with logins and on 25. */
const WEAK: readonly {
  readonly kind: string;
  readonly what: string;
  readonly is: (suite: Suite) => boolean;
  readonly weight: readonly [elsewhere: Severity, on25: Severity];
  readonly source: string;
}[] = [
  {
    kind: 'null',
    what: 'that encrypt nothing',
    is: ({ cipher }) => cipher.startsWith('NULL'),
    weight: ['high', 'medium'],
    source: 'RFC 9325 §4.1',
  },
  {
    kind: 'export',
    what: 'of export strength',
    is: (suite) => suite.export,
    weight: ['high', 'medium'],
    source: 'CVE-2015-0204, CVE-2015-4000',
  },
  {
    kind: 'des',
    what: 'with single DES or RC2',
    is: ({ cipher }) => /^(DES|RC2)/.test(cipher),
    weight: ['high', 'medium'],
    source: 'RFC 5469, RFC 9325 §4.1',
  },
  {
    kind: 'anonymous',
    what: 'without server authentication',
    is: ({ authentication }) => authentication === 'anon',
    // A client that does not check certificates loses nothing without one: Postfix offers these suites on purpose (TLS_README).
    weight: ['high', 'low'],
    source: 'RFC 9325 §4.1, RFC 7435',
  },
  {
    kind: 'rc4',
    what: 'with RC4',
    is: ({ cipher }) => cipher.startsWith('RC4'),
    weight: ['medium', 'low'],
    source: 'RFC 7465',
  },
  {
    kind: 'block-64',
    what: 'with blocks of 64 bits (3DES, IDEA)',
    is: ({ cipher }) => /^(3DES|IDEA|28147)/.test(cipher),
    weight: ['medium', 'low'],
    source: 'CVE-2016-2183, RFC 9325 §4.1',
  },
  {
    kind: 'no-forward-secrecy',
    what: 'without forward secrecy',
    is: ({ forwardSecret }) => !forwardSecret,
    weight: ['low', 'info'],
    source: 'RFC 9325 §4.1, CVE-2017-13099',
  },
  {
    kind: 'cbc',
    what: 'in CBC mode',
    is: ({ aead }) => !aead,
    weight: ['low', 'info'],
    source: 'RFC 9325 §4.2, CVE-2013-0169',
  },
];

function suites({ versions }: TlsSeen, port: number): Judgement[] {
  const check = 'tls-suites';
  const left = new Map(versions.flatMap((one) => one.suites).map((id) => [id, suiteOf(id)]));
  const all = left.size;
  const said: Judgement[] = [];
  for (const { kind, what, is, weight, source } of WEAK) {
    const found = [...left.values()].filter(is);
    for (const { id } of found) left.delete(id);
    if (found.length === 0) continue;
    const text = `accepts ${found.length} ${what}: ${some(found)}`;
    said.push({ check, kind, severity: weight[port === 25 ? 1 : 0], text, source });
  }
  if (all > 0 && left.size === 0)
    said.unshift({
      check,
      kind: 'none-good',
      severity: 'medium',
      text: 'accepts no suite with AEAD and forward secrecy',
    });
  return said.length > 0 || all === 0
    ? said
    : [{ check, severity: 'ok', text: `accepts ${all}, all with AEAD and forward secrecy` }];
}

const MOST = 3;

function some(suites: readonly Suite[]): string {
  const names = suites.slice(0, MOST).map(({ name }) => name);
  return `${names.join(', ')}${suites.length > MOST ? ', …' : ''}`;
}

function orders({ versions }: TlsSeen, weak: boolean, port: number): Judgement[] {
  const check = 'tls-order';
  const classic = versions.filter(({ version }) => version !== 'TLS 1.3' && version !== 'SSL 3.0');
  const client = classic.filter(({ order }) => order === 'client').map(({ version }) => version);
  if (classic.every(({ order }) => order === null)) return [];
  if (client.length === 0) return [{ check, severity: 'ok', text: "the server's order of suites counts" }];
  // If all suites are good, the client chooses better: it knows its hardware (Mozilla, server side TLS).
  if (!weak) return [{ check, severity: 'ok', text: "the client's order of suites counts, and all suites are good" }];
  return [
    {
      check,
      severity: byPort(port, 'low'),
      text: `the client's order of suites counts (${client.join(', ')}), including weak ones`,
    },
  ];
}

function exchange({ groups, primes }: TlsSeen, port: number): Judgement {
  const check = 'key-exchange';
  const sizes = primes.map(({ bits }) => bits).toSorted((a, b) => a - b);
  const weakest = sizes[0];
  const names = [...groups.map(groupName), ...sizes.map((bits) => `DH ${bits}`)].join(', ');
  if (weakest !== undefined && fieldStrength(weakest) < 112) {
    const severity = weakest < 1024 ? 'high' : byPort(port, 'medium');
    return { check, severity, text: `a Diffie-Hellman prime of ${weakest} bits is too small (${names})` };
  }
  const weak = groups.filter((id) => (GROUPS[id]?.bits ?? 0) < 112);
  if (weak.length > 0)
    return { check, severity: byPort(port, 'medium'), text: `weak curves: ${weak.map(groupName).join(', ')}` };
  return { check, severity: 'ok', text: names === '' ? 'key exchange with RSA only' : names };
}

function classic({ secureRenegotiation, extendedMasterSecret, compression, fallbackRefused }: Classic): Judgement[] {
  const yes = (check: Judgement['check'], text: string): Judgement => ({ check, severity: 'ok', text });
  return [
    secureRenegotiation
      ? yes('renegotiation-secure', 'binds renegotiations to their session')
      : { check: 'renegotiation-secure', severity: 'high', text: 'does not bind a renegotiation to its session' },
    compression
      ? { check: 'compression', severity: 'medium', text: 'compresses inside TLS' }
      : yes('compression', 'does not compress inside TLS'),
    extendedMasterSecret
      ? yes('extended-master-secret', 'binds keys to their handshake')
      : { check: 'extended-master-secret', severity: 'low', text: 'does not bind keys to their handshake' },
    ...(fallbackRefused === null
      ? []
      : fallbackRefused
        ? [yes('fallback', 'refuses a client that was downgraded to a lower version')]
        : [
            {
              check: 'fallback',
              severity: 'low',
              text: 'accepts a client that was downgraded to a lower version',
            } as const,
          ]),
  ];
}

function renegotiation(accepted: boolean): Judgement {
  const check = 'renegotiation-client';
  return accepted
    ? { check, severity: 'low', text: 'lets a client start a new handshake within a session' }
    : { check, severity: 'ok', text: 'does not let a client start a new handshake within a session' };
}
