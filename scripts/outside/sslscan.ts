import { X509Certificate } from 'node:crypto';
import { runProgram } from '../../src/lab/programs.ts';
import { fingerprintItem, portOf, suiteItem, type Opinion, type Place } from './opinion.ts';

/** Its words for a suite, best first. */
const STRENGTHS = ['strong', 'acceptable', 'medium', 'weak', 'anonymous', 'null'];

export async function sslscan({ address, name, port }: Place): Promise<Opinion> {
  const { protocol, tls } = portOf(port);
  const { stdout } = await runProgram('sslscan', [
    ...['--xml=-', '--no-colour', '--show-certificate', `--sni-name=${name}`],
    ...(tls === 'starttls' ? [`--starttls-${protocol}`] : []),
    `${address}:${port}`,
  ]);
  const xml = stdout.toString();
  const items: string[] = [];
  for (const [, kind = '', version = ''] of xml.matchAll(/<protocol type="(ssl|tls)" version="([\d.]+)" enabled="1"/g))
    items.push(`version ${kind === 'ssl' ? `SSL ${version}.0` : `TLS ${version}`}`);
  let worst = -1;
  for (const [, version = '', id = '', strength = ''] of xml.matchAll(
    /<cipher status="\w+" sslversion="([^"]+)"[^>]* id="0x([0-9A-Fa-f]+)" strength="(\w+)"/g,
  )) {
    items.push(suiteItem(version, parseInt(id, 16)));
    worst = Math.max(worst, STRENGTHS.indexOf(strength));
  }
  const signature = /<signature-algorithm>\s*(?:Signature Algorithm:)?\s*([^<\s]+)/.exec(xml)?.[1];
  const bits = /<pk error="false" type="RSA" bits="(\d+)"/.exec(xml)?.[1];
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(xml)?.[0];
  if (signature) items.push(`signature ${signature}`);
  if (bits) items.push(`key RSA ${bits}`);
  if (pem) items.push(fingerprintItem(new X509Certificate(pem).fingerprint256));
  return { items, remarks: [], grade: STRENGTHS[worst] ?? 'nothing' };
}
