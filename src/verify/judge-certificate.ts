import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Finding } from '../model/index.ts';
import type { CheckId } from './checks/index.ts';
import { show } from '../formats/text/show.ts';
import { parseCertificate } from '../x509/pem.ts';

export interface CertificateVerdict {
  readonly check: CheckId;
  readonly status: Finding['status'];
  readonly text: string;
}

export interface Expectation {
  /** The name, or address, that the certificate must be for. */
  readonly domain: string;
  /** PEM chain on disk; null if there is none, undefined if the disk was not read. */
  readonly onDisk: string | null | undefined;
  /** PEM chains with other key types, any of which may be served too. */
  readonly alternatives?: readonly string[];
  readonly now: Date;
}

const DAY = 24 * 60 * 60 * 1000;
const WARN_DAYS = 21;

/**
 * The verdicts on a served certificate, in the order of the checks.
 * `problem` is OpenSSL's verdict on the chain as served (`X509_V_ERR_…` as Node spells it); null if it found no problem.
 */
export function judgeCertificate(
  leaf: X509Certificate,
  problem: string | null,
  expected: Expectation,
): CertificateVerdict[] {
  return [
    { check: 'certificate-served', ...served(leaf, expected) },
    { check: 'certificate-name', ...named(leaf, expected.domain) },
    { check: 'certificate-validity', ...valid(leaf, expected.now) },
    { check: 'certificate-trust', ...trusted(leaf, problem) },
  ];
}

type Judgement = Omit<CertificateVerdict, 'check'>;
const pass = (text: string): Judgement => ({ status: 'pass', text });
const fail = (text: string): Judgement => ({ status: 'fail', text });

function served(leaf: X509Certificate, { onDisk, alternatives = [] }: Expectation): Judgement {
  if (onDisk === undefined)
    return { status: 'hint', text: `serves ${describe(leaf)}; not compared with the one on disk, which was not read` };
  if (onDisk === null) return fail(`serves ${describe(leaf)}, but there is no certificate on disk to serve`);
  const disk = parseCertificate(onDisk);
  if (disk === null) return fail('the file on disk is not a certificate that can be read');
  const isAlternative = alternatives.some((chain) => parseCertificate(chain)?.fingerprint256 === leaf.fingerprint256);
  return disk.fingerprint256 === leaf.fingerprint256 || isAlternative
    ? pass('serves the certificate on disk')
    : fail(`serves ${describe(leaf)}, not the one on disk, ${describe(disk)}: the daemon has not loaded it`);
}

function named(leaf: X509Certificate, domain: string): Judgement {
  const match = isIP(domain)
    ? leaf.checkIP(domain)
    : leaf.checkHost(domain, { subject: 'never', partialWildcards: false });
  if (match) return pass(`is for ${show(domain)}`);
  return fail(`is not for ${show(domain)} but for ${show(leaf.subjectAltName ?? 'no name at all')}`);
}

function valid(leaf: X509Certificate, now: Date): Judgement {
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (now.getTime() < from) return fail(`is not valid before ${date(from)}`);
  if (now.getTime() > to) return fail(`expired on ${date(to)}`);
  const days = Math.floor((to - now.getTime()) / DAY);
  // Certificates with a lifetime of 45 days or less are renewed later than 21 days before their end. That is no fault.
  const enough = Math.min(WARN_DAYS * DAY, (to - from) / 3);
  return to - now.getTime() >= enough
    ? pass(`is valid for ${days} more days, until ${date(to)}`)
    : { status: 'warn', text: `expires in ${days} days, on ${date(to)}: was it not renewed?` };
}

/**
 * A chain without a trusted root is a failure, also with a private authority: mail clients would warn, and users learn to
 * click warnings away. An admin with a private authority can give its root as trusted.
 */
function trusted(leaf: X509Certificate, problem: string | null): Judgement {
  if (problem === null) return pass(`leads to a trusted root, issued by ${name(leaf.issuer)}`);
  if (problem === 'DEPTH_ZERO_SELF_SIGNED_CERT')
    return fail('is self-signed: mail clients will warn or refuse to connect');
  if (/^(UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE)/.test(problem))
    return fail(
      `leads to no known root: the issuer, ${name(leaf.issuer)}, was neither sent nor is it trusted; mail clients will warn`,
    );
  if (problem === 'SELF_SIGNED_CERT_IN_CHAIN')
    return fail(`leads to a root that is not trusted, issued by ${name(leaf.issuer)}: mail clients will warn`);
  return fail(`its chain does not hold (${show(problem)}): mail clients will warn`);
}

const date = (time: number) => new Date(time).toISOString().slice(0, 10);

/** The common name, else the whole name, on one line. */
const name = (dn: string) => show(/(?:^|\n)CN=([^\n]+)/.exec(dn)?.[1] ?? dn.replaceAll('\n', ', '), 80);

const describe = (cert: X509Certificate) =>
  `"${name(cert.subject || cert.subjectAltName || '')}" of ${date(Date.parse(cert.validFrom))}`;
