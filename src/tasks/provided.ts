/** Checks that the administrator's certificate can be served. If it cannot, nothing is written. Pure. */
import type { X509Certificate } from 'node:crypto';
import { HardenMailError } from '../model/errors.ts';
import type { Facts, Note, Policy, Provided } from '../model/index.ts';
import { certificatesIn, parseCertificate, pemCertificates } from '../x509/pem.ts';

/** Throws CERTIFICATE_UNUSABLE with the first reason why Postfix, Dovecot or their clients could not use it. */
export function assertProvided({ provided, now }: Facts, { own, domains }: Policy): void {
  if (!own) return;
  if (!provided) throw new Error('the supplied certificate was not read');
  assertFiles(provided);
  const chain = certificatesOf(provided);
  assertKey(provided, chain);
  assertOrder(provided, chain);
  for (const one of chain) assertValid(provided, one, now);
  const [leaf] = chain;
  const missing = domains.filter((name) => !leaf || !isNamed(leaf, name));
  if (leaf && missing.length > 0) {
    throw unusable(
      `${provided.cert} is not for ${missing.join(', ')} but for ${leaf.subjectAltName ?? 'no name at all'}`,
      'Request a certificate with all names, or correct --domain and --domains (for additional names: sni).',
    );
  }
}

/**
 * Notes a certificate that its own key has signed: only clients that are set up to trust it accept it. --ca makes the checks trust it.
 * @param trust roots that the checks trust beside the usual ones, PEM
 */
export function selfSignedNotes(facts: Facts, policy: Policy, trust: readonly string[]): Note[] {
  const trusted = [...trust, policy.request?.acmeCa ?? '']
    .flatMap(certificatesIn)
    .map(({ fingerprint256 }) => fingerprint256);
  const all = [facts.provided, ...(facts.providedSni ?? [])].filter((one) => one !== undefined);
  return all.flatMap(({ cert, chain }): Note[] => {
    const [leaf] = certificatesIn(chain);
    if (!leaf || leaf.issuer !== leaf.subject || trusted.includes(leaf.fingerprint256)) return [];
    const text = `${cert} is self-signed: clients that were not told to trust it warn or refuse, and the checks fail. Next: --ca with a copy of it for the checks, or a certificate of an authority`; // oxfmt-ignore
    return [{ task: 'certbot', level: 'warning', text }];
  });
}

function assertFiles({ cert, key, missing, exposed, keyInside }: Provided): void {
  const [gone] = missing;
  if (gone !== undefined) {
    throw unusable(
      `the file ${gone} does not exist on the host`,
      '--cert and --key are paths on the host, as root sees them.',
    );
  }
  const hidden = [cert, key].find((path) => /^(\/var)?\/tmp\//.test(path));
  if (hidden !== undefined) {
    throw unusable(
      `${hidden} is in a temporary folder, which is emptied and which Dovecot cannot see (PrivateTmp)`,
      'Move it below /etc/ssl.',
    );
  }
  if (keyInside) {
    throw unusable(
      `${cert} holds a private key with the certificate, and every user may read a certificate file`,
      `Keep only the certificates there, and the key in ${key}.`,
    );
  }
  if (exposed) {
    throw unusable(
      `the private key ${key} can be read by every user of the host`,
      `chmod o= ${key}; anyone who has read it can impersonate this host, so a new key and certificate are safer.`,
    );
  }
}

function certificatesOf({ cert, chain }: Provided): X509Certificate[] {
  const blocks = pemCertificates(chain);
  if (blocks.length === 0) {
    throw unusable(
      `${cert} holds no certificate in PEM format`,
      `\`openssl x509 -inform DER -in ${cert}\` converts one.`,
    );
  }
  return blocks.map((pem, index) => {
    const certificate = parseCertificate(pem);
    if (certificate) return certificate;
    throw unusable(`certificate ${index + 1} of ${cert} cannot be read`, 'Download the file from the authority again.');
  });
}

function assertKey({ cert, key, publicKey }: Provided, chain: readonly X509Certificate[]): void {
  if (publicKey === 'unknown') {
    throw unusable(
      `the host has no openssl, so the tool cannot check that ${key} belongs to ${cert}`,
      'Install it with apt-get install openssl.',
    );
  }
  if (publicKey === '') {
    throw unusable(
      `${key} is not a private key that a daemon can use: it is not in PEM format, is truncated, or has a password`,
      `\`openssl pkey -in ${key} -out NEW\` (umask 077) writes it in the right format.`,
    );
  }
  const at = chain.findIndex(
    (one) => one.publicKey.export({ type: 'spki', format: 'pem' }).toString().trim() === publicKey,
  );
  if (at > 0) {
    throw unusable(
      `${key} belongs to certificate ${at + 1} of ${cert}, but the host's own certificate must come first`,
      'Order: the host’s own certificate, then its issuer, and so on.',
    );
  }
  if (at < 0) throw unusable(`${key} does not belong to ${cert}`, 'Give a certificate and its own key.');
  const { asymmetricKeyType: type = '', asymmetricKeyDetails: details } = chain[0]!.publicKey;
  if (type === 'rsa' && (details?.modulusLength ?? 0) < 2048) {
    throw unusable(
      `${key} has ${details?.modulusLength} bits, and OpenSSL accepts no RSA key below 2048`,
      'Request a certificate for a new key.',
    );
  }
  if (!['rsa', 'ec', 'ed25519'].includes(type)) {
    throw unusable(
      `${key} is a key of type ${type}, which mail clients do not support`,
      'Request a certificate with an RSA or ECDSA key.',
    );
  }
}

function assertOrder({ cert }: Provided, chain: readonly X509Certificate[]): void {
  for (const [index, one] of chain.entries()) {
    const next = chain[index + 1];
    if (!next || (one.checkIssued(next) && one.verify(next.publicKey))) continue;
    throw unusable(
      `certificate ${index + 2} of ${cert} (${nameOf(next)}) did not issue the one before it (${nameOf(one)})`,
      'Order: the host’s own certificate, then its issuer, and so on, with no other certificate in the file.',
    );
  }
}

function assertValid({ cert }: Provided, one: X509Certificate, now: number): void {
  const [from, to] = [one.validFrom, one.validTo].map((date) => Date.parse(date) / 1000) as [number, number];
  const day = (time: number): string => new Date(time * 1000).toISOString().slice(0, 10);
  if (now >= to) throw unusable(`${cert} expired on ${day(to)} (${nameOf(one)})`, 'Renew it, then run again.');
  if (now < from) {
    throw unusable(
      `${cert} is not valid before ${day(from)} (${nameOf(one)})`,
      'Wait until then, or correct the host’s clock.',
    );
  }
}

/** Matches a name as clients do (RFC 9525): subject alternative names only. */
export function isNamed(leaf: X509Certificate, name: string): boolean {
  return leaf.checkHost(name, { subject: 'never', partialWildcards: false }) !== undefined;
}

function nameOf({ subject, subjectAltName }: X509Certificate): string {
  return /(?:^|\n)CN=([^\n]+)/.exec(subject)?.[1] ?? (subject.replaceAll('\n', ', ') || (subjectAltName ?? 'no name'));
}

function unusable(message: string, hint: string): HardenMailError {
  return new HardenMailError('CERTIFICATE_UNUSABLE', message, `Nothing was written. ${hint}`);
}
