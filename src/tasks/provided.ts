/** Is the certificate that the admin brings fit to be served? Pure; nothing is written where it is not. */
import { X509Certificate } from 'node:crypto';
import { HardenMailError } from '../model/errors.ts';
import type { Facts, Note, Policy, Provided } from '../model/index.ts';

/** Throws CERTIFICATE_UNUSABLE with the first thing that keeps Postfix, Dovecot or their clients from using it. */
export function assertProvided({ provided, now }: Facts, { own, domains }: Policy): void {
  if (!own) return;
  if (!provided) throw new Error('the certificate of the admin was not looked at');
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
      'Have one made with all names, or mend --domain and --domains (of further names: sni).',
    );
  }
}

/**
 * A certificate that its own key has signed is for clients that were told to trust it; the checks are told by --ca.
 * @param trust roots that the checks trust beside the usual ones, PEM
 */
export function selfSignedNotes(facts: Facts, policy: Policy, trust: readonly string[]): Note[] {
  const trusted = [...trust, policy.acmeCa ?? ''].flatMap(certificatesIn).map(({ fingerprint256 }) => fingerprint256);
  const all = [facts.provided, ...(facts.providedSni ?? [])].filter((one) => one !== undefined);
  return all.flatMap(({ cert, chain }): Note[] => {
    const [leaf] = certificatesIn(chain);
    if (!leaf || leaf.issuer !== leaf.subject || trusted.includes(leaf.fingerprint256)) return [];
    const text = `${cert} is self-signed: clients that were not told to trust it warn or refuse, and the checks fail. Next: --ca with a copy of it for the checks, or a certificate of an authority`; // oxfmt-ignore
    return [{ task: 'certbot', level: 'warning', text }];
  });
}

/** Those that can be read. */
function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []).flatMap((one) => {
    try {
      return [new X509Certificate(one)];
    } catch {
      return [];
    }
  });
}

function assertFiles({ cert, key, missing, exposed, keyInside }: Provided): void {
  const [gone] = missing;
  if (gone !== undefined) {
    throw unusable(
      `there is no file ${gone} on the host`,
      '--cert and --key are paths on the host, as root sees them.',
    );
  }
  const hidden = [cert, key].find((path) => /^(\/var)?\/tmp\//.test(path));
  if (hidden !== undefined) {
    throw unusable(
      `${hidden} is in a folder that is emptied, and that Dovecot does not see (PrivateTmp)`,
      'Put it below /etc/ssl.',
    );
  }
  if (keyInside) {
    throw unusable(
      `${cert} holds a private key beside the certificate, and a certificate's file is for everybody`,
      `Leave the certificates there, and have the key in ${key} alone.`,
    );
  }
  if (exposed) {
    throw unusable(
      `the private key ${key} can be read by every user of the host`,
      `chmod o= ${key}; whoever has read it can pose as this host, so a new key and certificate are better still.`,
    );
  }
}

function certificatesOf({ cert, chain }: Provided): X509Certificate[] {
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) {
    throw unusable(
      `${cert} holds no certificate in PEM form`,
      `\`openssl x509 -inform DER -in ${cert}\` converts one.`,
    );
  }
  return blocks.map((pem, index) => {
    try {
      return new X509Certificate(pem);
    } catch {
      throw unusable(
        `certificate ${index + 1} of ${cert} cannot be read`,
        'Get the file from the authority once more.',
      );
    }
  });
}

function assertKey({ cert, key, publicKey }: Provided, chain: readonly X509Certificate[]): void {
  if (publicKey === 'unknown') {
    throw unusable(
      `whether ${key} is the key of ${cert} cannot be checked: the host has no openssl`,
      'apt-get install openssl',
    );
  }
  if (publicKey === '') {
    throw unusable(
      `${key} is no private key that a daemon can use: none in PEM form, cut short, or under a password`,
      `\`openssl pkey -in ${key} -out NEW\` (umask 077) writes it as it must be.`,
    );
  }
  const at = chain.findIndex(
    (one) => one.publicKey.export({ type: 'spki', format: 'pem' }).toString().trim() === publicKey,
  );
  if (at > 0) {
    throw unusable(
      `${key} is the key of certificate ${at + 1} of ${cert}: the host's own must come first`,
      'Order: the host’s own, then the one that issued it, and so on.',
    );
  }
  if (at < 0) throw unusable(`${key} is not the key of ${cert}`, 'Give the two that belong together.');
  const { asymmetricKeyType: type = '', asymmetricKeyDetails: details } = chain[0]!.publicKey;
  if (type === 'rsa' && (details?.modulusLength ?? 0) < 2048) {
    throw unusable(
      `${key} has ${details?.modulusLength} bits, and OpenSSL serves no RSA key below 2048`,
      'Have a certificate made for a new key.',
    );
  }
  if (!['rsa', 'ec', 'ed25519'].includes(type)) {
    throw unusable(
      `${key} is a key of type ${type}, which mail clients do not speak`,
      'Have one made with RSA or ECDSA.',
    );
  }
}

function assertOrder({ cert }: Provided, chain: readonly X509Certificate[]): void {
  for (const [index, one] of chain.entries()) {
    const next = chain[index + 1];
    if (!next || (one.checkIssued(next) && one.verify(next.publicKey))) continue;
    throw unusable(
      `certificate ${index + 2} of ${cert} (${nameOf(next)}) did not issue the one before it (${nameOf(one)})`,
      'Order: the host’s own, then the one that issued it, and so on; no other belongs in the file.',
    );
  }
}

function assertValid({ cert }: Provided, one: X509Certificate, now: number): void {
  const [from, to] = [one.validFrom, one.validTo].map((date) => Date.parse(date) / 1000) as [number, number];
  const day = (time: number): string => new Date(time * 1000).toISOString().slice(0, 10);
  if (now >= to) throw unusable(`${cert} expired on ${day(to)} (${nameOf(one)})`, 'Renew it, and run again.');
  if (now < from) {
    throw unusable(`${cert} is not valid before ${day(from)} (${nameOf(one)})`, 'Wait, or look at the host’s clock.');
  }
}

/** As clients do (RFC 9525): by the alternative names alone. */
export function isNamed(leaf: X509Certificate, name: string): boolean {
  return leaf.checkHost(name, { subject: 'never', partialWildcards: false }) !== undefined;
}

function nameOf({ subject, subjectAltName }: X509Certificate): string {
  return /(?:^|\n)CN=([^\n]+)/.exec(subject)?.[1] ?? (subject.replaceAll('\n', ', ') || (subjectAltName ?? 'no name'));
}

function unusable(message: string, hint: string): HardenMailError {
  return new HardenMailError('CERTIFICATE_UNUSABLE', message, `Nothing was written. ${hint}`);
}
