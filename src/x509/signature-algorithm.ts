/** The signature algorithm of a certificate, which Node 20 does not expose. */
import { element, readOid } from './der.ts';

const OIDS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'md2WithRSAEncryption',
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.113549.1.1.14': 'sha224WithRSAEncryption',
  '1.2.840.10040.4.3': 'dsa-with-SHA1',
  '2.16.840.1.101.3.4.3.2': 'dsa_with_SHA256',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.1': 'ecdsa-with-SHA224',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.3.101.112': 'ED25519',
  '1.3.101.113': 'ED448',
};

/** OpenSSL's name of the algorithm, its OID if the name is not listed here, `unknown` for bytes that are not a certificate. */
export function signatureAlgorithm(certificate: Buffer): string {
  const body = element(certificate, 0); // Certificate ::= SEQUENCE { tbs, algorithm, signature }
  const tbs = body && element(certificate, body.start);
  const algorithm = tbs && element(certificate, tbs.end);
  const oid = algorithm && element(certificate, algorithm.start);
  if (!oid || oid.tag !== 6) return 'unknown';
  const dotted = readOid(certificate.subarray(oid.start, oid.end));
  return OIDS[dotted] ?? dotted;
}
