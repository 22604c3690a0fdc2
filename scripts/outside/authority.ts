/**
 * A certificate as Let's Encrypt makes them, for 90 days and with the address of a CRL, from an authority of our own: those
 * of Pebble, the lab's, last five years and name neither CRL nor OCSP, of which testssl.sh rightly complains.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../src/lab/programs.ts';
import { SCRATCH } from '../../test/support/cli.ts';

export interface Issued {
  /** Path here of the root, PEM. */
  readonly root: string;
  /** The host's own first, then who issued it. */
  readonly chain: Buffer;
  readonly key: Buffer;
}

export async function issueFor(name: string): Promise<Issued> {
  const folder = mkdtempSync(join(SCRATCH, 'authority-'));
  const at = (file: string): string => join(folder, file);
  const authority = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n';
  const leaf = `basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth\nsubjectAltName=DNS:${name}\ncrlDistributionPoints=URI:http://crl.${name}/1.crl\n`;
  await make('root', 'outside root', 3650, authority);
  await make('issuer', 'outside issuer', 1000, authority, 'root');
  await make('leaf', name, 90, leaf, 'issuer');
  return {
    root: at('root.pem'),
    chain: Buffer.concat([readFileSync(at('leaf.pem')), readFileSync(at('issuer.pem'))]),
    key: readFileSync(at('leaf.key')),
  };

  async function make(who: string, subject: string, days: number, extensions: string, by?: string): Promise<void> {
    writeFileSync(at(`${who}.ext`), extensions);
    const request = ['-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${subject}`, '-keyout', at(`${who}.key`)];
    await must('openssl', ['req', '-new', ...request, '-out', at(`${who}.csr`)]);
    const signed = by ? ['-CA', at(`${by}.pem`), '-CAkey', at(`${by}.key`)] : ['-signkey', at(`${who}.key`)];
    const what = ['-in', at(`${who}.csr`), '-extfile', at(`${who}.ext`), '-days', `${days}`, '-sha256'];
    await must('openssl', ['x509', '-req', ...what, '-CAcreateserial', ...signed, '-out', at(`${who}.pem`)]);
  }
}
