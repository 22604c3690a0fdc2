/** Cipher suites: their numbers, and what their names say about them. */
import { REGISTRY } from './registry.ts';

export interface Suite {
  readonly id: number;
  /** IANA's name, `TLS_…`. */
  readonly name: string;
  /** How both sides come to a key: `RSA`, `DHE`, `ECDHE`, `DH` (from the certificate), `DH_anon`, `PSK`, …; `any` in TLS 1.3. */
  readonly exchange: string;
  /** `RSA`, `ECDSA`, `DSS`, …; `anon` where nobody shows who they are. */
  readonly authentication: string;
  /** `AES_128_GCM`, `RC4_128`, `NULL`, … */
  readonly cipher: string;
  /** Cut down to what the USA once let out. */
  readonly export: boolean;
  readonly aead: boolean;
  /** What was recorded cannot be read with the certificate's key later. */
  readonly forwardSecret: boolean;
  /** Only in TLS 1.3, and then no other. */
  readonly modern: boolean;
}

export const SUITES: readonly Suite[] = REGISTRY.trim()
  .split('\n')
  .flatMap((line) => {
    const [start = '', ...names] = line.split(' ');
    return names.map((name, index) => describe(parseInt(start, 16) + index, name));
  });

const BY_ID = new Map(SUITES.map((suite) => [suite.id, suite]));

/** A suite by its number; one that is not in the registry is described by what is not known of it. */
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

/** `DHE_RSA` → DHE by RSA; `DH_anon` → DH_anon by nobody; `RSA` → RSA by RSA; `PSK_DHE` → DHE_PSK. */
function exchangeOf(name: string): [exchange: string, authentication: string] {
  if (name === 'PSK_DHE') return ['DHE_PSK', 'PSK'];
  if (name.endsWith('PSK')) return [name, name.startsWith('RSA') ? 'RSA' : 'PSK'];
  const [, kind, by] = /^(DHE|ECDHE|DH|ECDH)_(\w+)$/.exec(name) ?? [];
  if (!kind || !by) return [name, name];
  return by === 'anon' ? [`${kind}_anon`, 'anon'] : [kind, by];
}

/** What a client of TLS up to 1.2 may ask for, and what one of TLS 1.3. */
export const CLASSIC = SUITES.filter(({ modern }) => !modern).map(({ id }) => id);
export const MODERN = SUITES.filter(({ modern }) => modern).map(({ id }) => id);
