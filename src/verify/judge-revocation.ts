/** Has the authority revoked the certificate? Reads the list (CRL, RFC 5280 §5) that it names, signed by its issuer. */
import { verify, type X509Certificate, type KeyObject } from 'node:crypto';
import { get } from 'node:http';
import type { Finding } from '../model/index.ts';
import type { CheckId } from './checks/index.ts';
import { element, elements, readOid, type Element } from '../x509/der.ts';
import { show } from '../formats/text/show.ts';
import { chainIn } from '../x509/pem.ts';

const TIMEOUT = 3000;
const LARGEST = 16_000_000;

/** A certificate that names no list gives no finding; a list that is unavailable or invalid gives only a hint. */
export async function judgeRevocation(chain: string, now: Date): Promise<Finding[]> {
  const [leaf, issuer] = chainIn(chain);
  const url = leaf && listOf(leaf);
  if (!leaf || url === undefined) return [];
  try {
    if (!issuer || !leaf.checkIssued(issuer)) throw new Error('the chain on disk lacks its issuer');
    const since = revokedSince(await download(url), leaf, issuer.publicKey, now);
    if (since === null) return [finding('pass', `is not on its issuer's list of revoked certificates`)];
    return [
      finding(
        'fail',
        `was revoked on ${since}, says its issuer's list (${show(url, 80)}): clients that look refuse it; have a new one made (certbot renew --force-renewal --cert-name NAME, with a new key if that was lost)`,
      ),
    ];
  } catch (error) {
    const why = show(error instanceof Error ? error.message : String(error), 80);
    return [unknown(`${show(url, 80)}: ${why}`)];
  }
}

/** The finding for a list that could not be read. */
export function unknown(why: string): Finding {
  return finding('hint', `whether it is revoked is not known (${why})`);
}

const finding = (status: Finding['status'], text: string): Finding => ({
  port: 25,
  check: 'revocation' satisfies CheckId,
  status,
  text,
  via: 'direct',
});

/** The first HTTP address among the distribution points (§4.2.1.13). */
function listOf({ raw }: X509Certificate): string | undefined {
  const [certificate] = elements(raw, { start: 0, end: raw.length });
  const [tbs] = certificate ? elements(raw, certificate) : [];
  const wrapped = tbs && [...elements(raw, tbs)].find(({ tag }) => tag === 0xa3);
  const [extensions] = wrapped ? elements(raw, wrapped) : [];
  for (const extension of extensions ? elements(raw, extensions) : []) {
    const [oid, ...rest] = elements(raw, extension);
    if (!oid || readOid(raw.subarray(oid.start, oid.end)) !== '2.5.29.31') continue;
    const value = rest.at(-1);
    const points = value && element(raw, value.start);
    // DistributionPoint → distributionPoint [0] → fullName [0] → uniformResourceIdentifier [6]
    for (const point of points ? elements(raw, points) : [])
      for (const name of within(raw, within(raw, [...elements(raw, point)])))
        if (name.tag === 0x86) {
          const uri = raw.toString('latin1', name.start, name.end);
          if (/^http:\/\//i.test(uri)) return uri;
        }
  }
  return undefined;
}

const within = (bytes: Buffer, all: readonly Element[]): Element[] =>
  all.filter(({ tag }) => tag === 0xa0).flatMap((one) => [...elements(bytes, one)]);

const HASHES: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
};

/** The day of the revocation; null if the certificate is not listed. Throws if the list is invalid, outdated or another issuer's. */
function revokedSince(list: Buffer, leaf: X509Certificate, key: KeyObject, now: Date): string | null {
  const outer = element(list, 0);
  const [tbs, algorithm, signature] = outer ? elements(list, outer) : [];
  const [oid] = algorithm ? elements(list, algorithm) : [];
  if (!outer || !tbs || !oid || !signature) throw new Error('it is not a revocation list');
  const hash = HASHES[readOid(list.subarray(oid.start, oid.end))];
  if (hash === undefined) throw new Error('its signature algorithm is not supported');
  // The first byte of a bit string counts its unused bits.
  const signed = verify(
    hash,
    list.subarray(outer.start, tbs.end),
    key,
    list.subarray(signature.start + 1, signature.end),
  );
  if (!signed) throw new Error('it is not signed by the issuer');

  // version?, signature, issuer, thisUpdate, nextUpdate?, revokedCertificates?, extensions?
  const parts = [...elements(list, tbs)];
  const times = parts.filter(({ tag }) => tag === 0x17 || tag === 0x18).map((one) => time(list, one));
  const [, until] = times;
  if (until !== undefined && until < now) throw new Error('it is out of date');
  const revoked = parts.slice(parts.findLastIndex(({ tag }) => tag === 0x17 || tag === 0x18) + 1);
  const serial = leaf.serialNumber.toLowerCase().replace(/^0+/, '');
  for (const entry of revoked[0]?.tag === 0x30 ? elements(list, revoked[0]) : []) {
    const number = element(list, entry.start);
    if (!number || list.toString('hex', number.start, number.end).replace(/^0+/, '') !== serial) continue;
    const date = element(list, number.end);
    return date ? time(list, date).toISOString().slice(0, 10) : 'an unknown day';
  }
  return null;
}

/** UTCTime (YYMMDDHHMMSSZ, 1950 to 2049) or GeneralizedTime. */
function time(bytes: Buffer, { tag, start, end }: Element): Date {
  const text = bytes.toString('latin1', start, end);
  const full = tag === 0x18 ? text : `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`;
  return new Date(full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d).*$/, '$1-$2-$3T$4:$5:$6Z'));
}

/** Downloads from exactly this address: redirects are not followed. */
function download(url: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: false, signal: AbortSignal.timeout(TIMEOUT) }, (answer) => {
      if (answer.statusCode !== 200) return void asked.destroy(new Error(`status ${answer.statusCode}`));
      const parts: Buffer[] = [];
      let size = 0;
      answer.on('data', (part: Buffer) => {
        parts.push(part);
        if ((size += part.length) > LARGEST) asked.destroy(new Error('it is too large'));
      });
      answer.once('end', () => resolve(Buffer.concat(parts)));
      answer.once('error', reject);
    });
    asked.once('error', reject);
  });
}
