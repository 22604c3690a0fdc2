/** Cipher suites: their numbers, and the properties that their names contain. */
import { REGISTRY } from './registry.ts';

export interface Suite {
  readonly id: number;
  /** IANA's name, `TLS_…`. */
  readonly name: string;
  /** The key exchange: `RSA`, `DHE`, `ECDHE`, `DH` (from the certificate), `DH_anon`, `PSK`, …; `any` in TLS 1.3. */
  readonly exchange: string;
  /** `RSA`, `ECDSA`, `DSS`, …; `anon` without authentication. */
  readonly authentication: string;
  /** `AES_128_GCM`, `RC4_128`, `NULL`, … */
  readonly cipher: string;
  /** Weakened to the strength that the USA once allowed for export. */
  readonly export: boolean;
  readonly aead: boolean;
  /** The certificate's key cannot decrypt recorded sessions later. */
  readonly forwardSecret: boolean;
  /** For TLS 1.3 only; TLS 1.3 has no other suites. */
  readonly modern: boolean;
}

export const SUITES: readonly Suite[] = REGISTRY.trim()
  .split('\n')
  .flatMap((line) => {
    const [start = '', ...names] = line.split(' ');
    return names.map((name, index) => describe(parseInt(start, 16) + index, name));
  });

const BY_ID = new Map(SUITES.map((suite) => [suite.id, suite]));

/** A suite by its number; for a number outside the registry, one with unknown properties. */
export function suiteOf(id: number): Suite {
  return BY_ID.get(id) ?? describe(id, `UNKNOWN_0x${id.toString(16).padStart(4, '0')}`);
}

function describe(id: number, short: string): Suite {
  const name = `TLS_${short}`;
  const modern = (id & 0xff00) === 0x1300;
  const [, left, right] = /^(.*?)_WITH_(.*)$/.exec(short) ?? [undefined, modern ? 'any' : 'unknown', short];
  const bare = left.replace(/_EXPORT(1024)?$/, '');
  const [exchange, authentication] = exchangeOf(bare);
  const aead = /GCM|CCM|POLY1305|OCB|MGM/.test(right);
  return {
    id,
    name,
    exchange,
    authentication,
    cipher: right.replace(/_(SHA\d*|MD5|IMIT|OMAC)$/, ''),
    export: bare !== left,
    aead,
    forwardSecret: /^(DHE|ECDHE|any)/.test(exchange) || /_anon$/.test(exchange),
    modern,
  };
}

/** `DHE_RSA` → DHE with RSA; `DH_anon` → DH_anon without authentication; `RSA` → RSA with RSA; `PSK_DHE` → DHE_PSK. */
function exchangeOf(name: string): [exchange: string, authentication: string] {
  if (name === 'PSK_DHE') return ['DHE_PSK', 'PSK'];
  if (name.endsWith('PSK')) return [name, name.startsWith('RSA') ? 'RSA' : 'PSK'];
  const [, kind, by] = /^(DHE|ECDHE|DH|ECDH)_(\w+)$/.exec(name) ?? [];
  if (!kind || !by) return [name, name];
  return by === 'anon' ? [`${kind}_anon`, 'anon'] : [kind, by];
}

/** The suites of clients up to TLS 1.2, and of TLS 1.3 clients. */
export const CLASSIC = SUITES.filter(({ modern }) => !modern).map(({ id }) => id);
export const MODERN = SUITES.filter(({ modern }) => modern).map(({ id }) => id);
