/** A ClientHello as bytes, with any version and suites: it is not limited to what a TLS library still supports. */
import { uint, uints, vector } from './bytes.ts';
import { CURVES, EXTENSION, GROUPS13, SCSV, SIGNATURES, VERSIONS, type Version } from './suite-names.ts';

export interface Hello {
  readonly version: Version;
  /** Cipher suites by number, most preferred first. */
  readonly suites: readonly number[];
  /** 32 bytes; from the caller, so that this module is deterministic. */
  readonly random: Buffer;
  /** For SNI; empty: none. */
  readonly servername?: string;
  /** Named groups; default: all of the version. */
  readonly groups?: readonly number[];
  /** Signature schemes; default: all. */
  readonly signatures?: readonly number[];
  /** Compression methods; default: DEFLATE and none. */
  readonly compression?: readonly number[];
  /** Says that this is a retry with a lower version (RFC 7507). */
  readonly fallback?: boolean;
}

/** RFC 5246 §6.2.1 */
const LARGEST_RECORD = 16384;

/**
 * The records of a ClientHello (RFC 6101, 2246, 4346, 5246, 8446). In TLS 1.3 it names groups but sends no key share: a server
 * that shares a group must then answer with a HelloRetryRequest (RFC 8446 §4.2.8), which names group and suite in the clear.
 * So neither side has to compute anything.
 */
export function clientHello(hello: Hello): Buffer {
  const code = VERSIONS[hello.version];
  const modern = hello.version === 'TLS 1.3';
  const suites = [...hello.suites, ...(modern ? [] : [SCSV.renegotiation]), ...(hello.fallback ? [SCSV.fallback] : [])];
  const body = Buffer.concat([
    uint(Math.min(code, VERSIONS['TLS 1.2']), 2),
    hello.random,
    // Some middleboxes recognize a TLS 1.3 session only by its id (RFC 8446 §D.4).
    vector(1, modern ? hello.random : Buffer.alloc(0)),
    vector(2, uints(suites, 2)),
    vector(1, Buffer.from(modern ? [0] : (hello.compression ?? [1, 0]))),
    ...(code > VERSIONS['SSL 3.0'] ? [vector(2, ...extensions(hello))] : []),
  ]);
  const message = Buffer.concat([uint(1, 1), vector(3, body)]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += LARGEST_RECORD) {
    // Some servers refuse a first record that claims more than TLS 1.0 (RFC 5246 §E.1).
    const version = Math.min(code, VERSIONS['TLS 1.0']);
    records.push(uint(22, 1), uint(version, 2), vector(2, message.subarray(at, at + LARGEST_RECORD)));
  }
  return Buffer.concat(records);
}

function extensions({ version, servername = '', groups, signatures = SIGNATURES }: Hello): Buffer[] {
  const modern = version === 'TLS 1.3';
  const extension = (type: number, ...body: Buffer[]): Buffer => Buffer.concat([uint(type, 2), vector(2, ...body)]);
  const name = Buffer.from(servername, 'latin1');
  return [
    ...(name.length > 0 ? [extension(EXTENSION.serverName, vector(2, uint(0, 1), vector(2, name)))] : []),
    extension(EXTENSION.supportedGroups, vector(2, uints(groups ?? (modern ? GROUPS13 : CURVES), 2))),
    extension(EXTENSION.pointFormats, vector(1, Buffer.from([0]))),
    ...(VERSIONS[version] >= VERSIONS['TLS 1.2']
      ? [extension(EXTENSION.signatureAlgorithms, vector(2, uints(signatures, 2)))]
      : []),
    ...(modern
      ? [
          extension(EXTENSION.supportedVersions, vector(1, uint(VERSIONS[version], 2))),
          extension(EXTENSION.keyShare, vector(2)),
        ]
      : [extension(EXTENSION.extendedMasterSecret)]),
  ];
}
