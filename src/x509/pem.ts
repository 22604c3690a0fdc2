/** Certificates in PEM: the one parser for files of hosts, of authorities and of this machine. */
import { X509Certificate } from 'node:crypto';

/** The certificates of a text as PEM, in its order; other parts of the text are left out. */
export function pemCertificates(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}

/** Certificates by their text: parsing one takes 0.3 ms, and a run meets the same ones many times. */
const known = new Map<string, X509Certificate | null>();
const MOST_KNOWN = 50;
const LONGEST_KNOWN = 20_000;

/** The certificate of a text, or its first one; null for a text that cannot be parsed. */
export function parseCertificate(text: string): X509Certificate | null {
  let certificate = known.get(text);
  if (certificate !== undefined) return certificate;
  try {
    certificate = new X509Certificate(text);
  } catch {
    certificate = null;
  }
  if (text.length <= LONGEST_KNOWN) known.set(text, certificate);
  if (known.size > MOST_KNOWN) known.delete(known.keys().next().value ?? '');
  return certificate;
}

/** The certificates of a text that can be parsed. */
export function certificatesIn(text: string): X509Certificate[] {
  return pemCertificates(text).flatMap((pem) => parseCertificate(pem) ?? []);
}

/** The certificates of a chain; none if one of them cannot be parsed. */
export function chainIn(text: string): X509Certificate[] {
  const all = certificatesIn(text);
  return all.length === pemCertificates(text).length ? all : [];
}

/** The DNS names that a certificate is for, in lower case. */
export function dnsNames(certificate: X509Certificate | null | undefined): string[] {
  const names = certificate?.subjectAltName?.split(', ') ?? [];
  return names.flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4).toLowerCase()] : []));
}
