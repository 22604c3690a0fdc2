import { createHash, X509Certificate } from 'node:crypto';
import { PATHS, type Facts, type Lineage, type Policy } from '../model/index.ts';
import { parseCertificate } from '../x509/pem.ts';

/** The name of each authority in CAA records, by the organization in its certificates. */
const CAA_NAMES: Readonly<Record<string, string>> = {
  "Let's Encrypt": 'letsencrypt.org',
  'Google Trust Services': 'pki.goog',
  ZeroSSL: 'sectigo.com',
  'Sectigo Limited': 'sectigo.com',
  'Buypass AS-983163327': 'buypass.com',
};

/**
 * The DNS records that match a certificate, as lines of a zone file; comment lines explain them. The tool does not publish
 * them: a wrong TLSA record blocks incoming mail.
 */
export function dnsRecords(
  kept: Pick<Lineage, 'name' | 'chain' | 'authenticator'>,
  { domain }: Policy,
  { now }: Facts,
): string[] {
  const day = new Date(now * 1000).toISOString().slice(0, 10).replaceAll('-', '');
  return [
    '; DANE (RFC 7672): for a zone that is signed (DNSSEC), and of no effect in others.',
    ...recordsOf(kept, domain),
    '',
    '; MTA-STS (RFC 8461) and reports (RFC 8460): for each mail domain DOMAIN whose MX this host is, and only together with',
    `; https://mta-sts.DOMAIN/.well-known/mta-sts.txt: "version: STSv1", "mode: testing", "mx: ${domain}", "max_age: 86400".`,
    `; _mta-sts.DOMAIN. IN TXT "v=STSv1; id=${day}"`,
    '; _smtp._tls.DOMAIN. IN TXT "v=TLSRPTv1; rua=mailto:postmaster@DOMAIN"',
  ];
}

/** The records of additional names, each an MX with a certificate of its own. */
export function furtherRecords(kept: Parameters<typeof dnsRecords>[0], names: readonly string[]): string[] {
  return names.flatMap((name) => [
    '',
    `; ${name}, which is shown its own certificate (SNI):`,
    ...recordsOf(kept, name),
  ]);
}

function recordsOf({ name, chain, authenticator }: Parameters<typeof dnsRecords>[0], domain: string): string[] {
  const certificate = new X509Certificate(chain);
  return [
    `_25._tcp.${domain}. IN TLSA 3 1 1 ${digestOfKey(certificate)}`,
    ...rotation(name, authenticator),
    '',
    '; CAA (RFC 8659): no other authority may issue for the name.',
    ...caa(certificate, domain),
  ];
}

/** SHA-256 of the certificate's public key (SubjectPublicKeyInfo, DER): usage 3, selector 1, matching type 1. */
function digestOfKey({ publicKey }: X509Certificate): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function rotation(name: string, authenticator: string | null): string[] {
  if (authenticator === null)
    return ['; It is of this key: a new key needs a new record, two TTLs before it is served.'];
  return [
    '; certbot makes a new key at each renewal, and then this record is wrong and mail from servers that look at it stays',
    `; away: have it keep the key first, by "reuse_key = True" under [renewalparams] in ${PATHS.RENEWAL}/${name}.conf.`,
  ];
}

function caa(certificate: X509Certificate, domain: string): string[] {
  const { organization, issuer } = issuerOf(certificate);
  return issuer === undefined
    ? [
        `; harden-mail does not know the issuer's name in CAA records (${organization || 'no organization'}): ask the authority.`,
      ]
    : [`${domain}. IN CAA 0 issue "${issuer}"`];
}

function issuerOf(certificate: X509Certificate): { organization: string; issuer: string | undefined } {
  const organization = /(?:^|\n)O=([^\n]+)/.exec(certificate.issuer)?.[1] ?? '';
  return { organization, issuer: CAA_NAMES[organization] };
}

/**
 * The name that CAA records use for the issuer of this certificate (PEM); null if the issuer is not in CAA_NAMES or the PEM
 * cannot be parsed.
 */
export function caaIssuer(chain: string): string | null {
  const certificate = parseCertificate(chain);
  return (certificate && issuerOf(certificate).issuer) ?? null;
}
