/** The messages of a server's first flight (RFC 5246 §7.4, RFC 8446 §4.1.3, RFC 8422 §5.4). */
import { Reader, TlsFormatError } from './bytes.ts';
import { EXTENSION, versionName, VERSIONS, type Version } from './suite-names.ts';
import { suiteOf } from './suites.ts';

export interface ServerHello {
  readonly version: Version;
  readonly suite: number;
  readonly compression: number;
  /** By type. */
  readonly extensions: ReadonlyMap<number, Buffer>;
  /** TLS 1.3: the group that the server wants a key for; else null. */
  readonly group: number | null;
  /** TLS 1.3: a HelloRetryRequest, which says what the server would answer. */
  readonly retry: boolean;
}

export type KeyExchange =
  | { readonly kind: 'curve'; readonly group: number }
  /** Finite-field Diffie-Hellman: the prime as sent, and its length in bits. */
  | { readonly kind: 'dh'; readonly prime: Buffer; readonly bits: number };

/** SHA-256 of "HelloRetryRequest": the random of a ServerHello that is a HelloRetryRequest. */
const RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

export function readServerHello(body: Buffer): ServerHello {
  const reader = new Reader(body);
  const legacy = reader.number(2);
  const random = reader.take(32);
  if (reader.vector(1).length > 32) throw new TlsFormatError('has a session id of more than 32 bytes');
  const suite = reader.number(2);
  const compression = reader.number(1);
  const extensions = reader.left > 0 ? readExtensions(reader.vector(2)) : new Map<number, Buffer>();
  reader.end();
  const chosen = extensions.get(EXTENSION.supportedVersions);
  const code = chosen ? new Reader(chosen).number(2) : legacy;
  const version = versionName(code);
  if (!version || (!chosen && code > VERSIONS['TLS 1.2']))
    throw new TlsFormatError(`speaks a version 0x${code.toString(16)}`);
  const share = extensions.get(EXTENSION.keyShare);
  return {
    version,
    suite,
    compression,
    extensions,
    group: share ? new Reader(share).number(2) : null,
    retry: random.equals(RETRY),
  };
}

function readExtensions(body: Buffer): Map<number, Buffer> {
  const reader = new Reader(body);
  const found = new Map<number, Buffer>();
  while (reader.left > 0) found.set(reader.number(2), reader.vector(2));
  return found;
}

export function readCertificates(body: Buffer): Buffer[] {
  const outer = new Reader(body);
  const reader = new Reader(outer.vector(3));
  outer.end();
  const found: Buffer[] = [];
  while (reader.left > 0) found.push(reader.vector(3));
  return found;
}

/** ServerKeyExchange: the curve, or the prime. The other kinds (PSK hints, SRP, export RSA) contain nothing of use here. */
export function readKeyExchange(body: Buffer, { suite }: ServerHello): KeyExchange | null {
  const kind = suiteOf(suite).exchange;
  const reader = new Reader(body);
  if (kind === 'ECDHE' || kind === 'ECDH_anon') {
    // The hello asks for named curves only; explicit ones (1, 2) were removed from TLS.
    if (reader.number(1) !== 3) throw new TlsFormatError('uses an explicit curve');
    return { kind: 'curve', group: reader.number(2) };
  }
  if (kind === 'DHE' || kind === 'DH_anon') {
    const prime = reader.vector(2);
    return { kind: 'dh', prime, bits: bitLength(prime) };
  }
  return null;
}

function bitLength(number: Buffer): number {
  const first = number.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (number.length - first - 1) * 8 + (32 - Math.clz32(number[first] ?? 0));
}
