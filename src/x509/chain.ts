import { X509Certificate } from 'node:crypto';
import type { CertificateSeen } from '../model/index.ts';
import { show } from '../formats/text/show.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';

/** A chain as the server sent it, without certificates that cannot be parsed. */
export interface Chain {
  readonly certificates: readonly X509Certificate[];
  readonly told: readonly CertificateSeen[];
  /** Faults in its order or its members; empty: none. */
  readonly faults: readonly string[];
  /** The chain includes the root, which clients do not need. */
  readonly withRoot: boolean;
}

export function readChain(ders: readonly Buffer[]): Chain {
  const certificates = ders.flatMap((der) => {
    try {
      return [new X509Certificate(der)];
    } catch {
      return [];
    }
  });
  const unread = ders.length - certificates.length;
  const breaks = certificates.slice(1).flatMap((issuer, index) => {
    const subject = certificates[index];
    return subject && !issued(subject, issuer)
      ? [`${nameOf(issuer)} did not issue ${nameOf(subject)}, which precedes it`]
      : [];
  });
  const last = certificates.at(-1);
  return {
    certificates,
    told: certificates.map(tell),
    faults: [...(unread > 0 ? [`${unread} of ${ders.length} cannot be parsed`] : []), ...breaks],
    withRoot: certificates.length > 1 && last !== undefined && selfSigned(last),
  };
}

export const selfSigned = (certificate: X509Certificate): boolean => issued(certificate, certificate);

function issued(subject: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

/** The common name, else the first name of any kind. */
export function nameOf({ subject, subjectAltName }: X509Certificate): string {
  return `"${show(/(?:^|\n)CN=([^\n]+)/.exec(subject ?? '')?.[1] ?? subjectAltName ?? 'no name', 80)}"`;
}

function tell(certificate: X509Certificate): CertificateSeen {
  const oneLine = (name: string | undefined): string => show((name ?? '').replaceAll('\n', ', '), 300);
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: (certificate.subjectAltName ?? '')
      .split(', ')
      .filter(Boolean)
      .slice(0, 100)
      .map((name) => show(name)),
    key: keyOf(certificate).text,
    signature: signatureAlgorithm(certificate.raw),
    from: iso(certificate.validFrom),
    to: iso(certificate.validTo),
    fingerprint: certificate.fingerprint256,
  };
}

/** `RSA 2048`; `strength` is the strength in bits according to NIST SP 800-57, 0 if unknown. */
export function keyOf(certificate: X509Certificate): { readonly text: string; readonly strength: number } {
  try {
    const { asymmetricKeyType: type = '', asymmetricKeyDetails: details = {} } = certificate.publicKey;
    const { modulusLength: bits = 0, namedCurve = '' } = details;
    if (/^(rsa|dsa)/.test(type)) return { text: `${type.toUpperCase()} ${bits}`, strength: fieldStrength(bits) };
    if (type === 'ec') return { text: `EC ${namedCurve}`, strength: Number(/\d{3}/.exec(namedCurve)?.[0] ?? 0) / 2 };
    return { text: type, strength: type === 'ed25519' ? 128 : type === 'ed448' ? 224 : 0 };
  } catch {
    return { text: 'unknown', strength: 0 };
  }
}

/** The strength in bits of a modulus or prime (NIST SP 800-57, table 2), roughly. */
export function fieldStrength(bits: number): number {
  return bits >= 3072 ? 128 : bits >= 2048 ? 112 : bits >= 1024 ? 80 : 50;
}

function iso(date: string): string {
  const time = Date.parse(date);
  return Number.isNaN(time) ? '' : new Date(time).toISOString();
}
