/** Compares the certificate with the DNS records about it. */
import { createHash, type X509Certificate } from 'node:crypto';
import type { Finding } from '../model/index.ts';
import type { CheckId } from './checks/index.ts';
import type { Published, Tlsa } from './resolver.ts';
import { show } from '../formats/text/show.ts';
import { chainIn } from '../x509/pem.ts';

export interface Compared {
  readonly domain: string;
  /** PEM chain on disk. */
  readonly chain: string;
  /** The name of the issuing authority in CAA records; null if unknown. */
  readonly issuer: string | null;
}

/** Compares TLSA and CAA records. No record and no answer give no finding. */
export async function comparePublished(published: Published, compared: Compared): Promise<Finding[]> {
  const { domain, chain, issuer } = compared;
  const [tlsa, caa] = await Promise.all([
    published.tlsa(`_25._tcp.${domain}`).catch(() => []),
    published.caa(domain).catch(() => null),
  ]);
  const certificates = chainIn(chain);
  return [
    ...judgeTlsa(tlsa, certificates, domain),
    ...(caa && issuer !== null ? judgeCaa(caa.at, caa.issuers, issuer) : []),
  ];
}

function judgeTlsa(records: readonly Tlsa[], chain: readonly X509Certificate[], domain: string): Finding[] {
  const [leaf] = chain;
  // Mail servers do not use the other usages (RFC 7672, 3.1.3).
  const usable = records.filter(({ usage }) => usage === 2 || usage === 3);
  if (!leaf || usable.length === 0) return [];
  const fits = usable.some((record) =>
    (record.usage === 3 ? [leaf] : chain).some((one) => digest(one, record) === record.data.toLowerCase()),
  );
  if (fits) return [finding('tlsa', 'pass', `_25._tcp.${show(domain)} has a TLSA record of the certificate on disk`)];
  const right = digest(leaf, { selector: 1, matching: 1 });
  const text = `no TLSA record of _25._tcp.${show(domain)} is of the certificate on disk, and servers that look at them send no mail; publish: _25._tcp.${show(domain)}. IN TLSA 3 1 1 ${right}`;
  return [finding('tlsa', 'fail', text)];
}

function judgeCaa(at: string, issuers: readonly string[], issuer: string): Finding[] {
  if (issuers.length === 0) return []; // `iodef` and the like restrict no authority
  if (issuers.some((one) => one.toLowerCase() === issuer))
    return [finding('caa', 'pass', `the CAA records of ${show(at)} let ${issuer} issue`)];
  const allowed = issuers.filter(Boolean).map((one) => show(one, 60));
  return [
    finding(
      'caa',
      'warn',
      `the CAA records of ${show(at)} let ${allowed.join(', ') || 'nobody'} issue and not ${issuer}, which issued the certificate: its renewal will be refused`,
    ),
  ];
}

const finding = (check: CheckId, status: Finding['status'], text: string): Finding => ({
  port: 25,
  check,
  status,
  text,
  via: 'direct',
});

/** RFC 6698, 2.1: the whole certificate or its key; unhashed, or as SHA-256 or SHA-512. */
function digest(certificate: X509Certificate, { selector, matching }: Pick<Tlsa, 'selector' | 'matching'>): string {
  const bytes = selector === 0 ? certificate.raw : certificate.publicKey.export({ type: 'spki', format: 'der' });
  if (matching === 0) return bytes.toString('hex');
  return createHash(matching === 1 ? 'sha256' : 'sha512')
    .update(bytes)
    .digest('hex');
}
