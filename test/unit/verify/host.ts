import type { VerifyTarget } from '../../../src/verify/verify.ts';
import { verify } from '../../../src/verify/verify.ts';
import type { Certificates } from '../../support/certificates.ts';
import { DOMAIN, makeCertificates } from '../../support/certificates.ts';
import type { Fake, Script } from './server.ts';
import { dialTo, serve } from './server.ts';

let made: Certificates | undefined;
/** One set for all tests of this process: only call it inside a test or a hook. */
export const certificates = (): Certificates => (made ??= makeCertificates());

export type Fakes = Map<number, Fake>;

export async function start(scripts: Iterable<readonly [number, Script]>): Promise<Fakes> {
  const fakes: Fakes = new Map();
  for (const [port, script] of scripts) fakes.set(port, await serve(script));
  return fakes;
}

export function stop(...hosts: readonly Fakes[]): void {
  for (const host of hosts) for (const fake of host.values()) fake.close();
}

/** verify, from outside, expecting what the good host serves. */
export const look = (fakes: Fakes, more: Partial<VerifyTarget> = {}) =>
  verify({
    domain: DOMAIN,
    direct: dialTo(fakes),
    certificate: certificates().good.cert,
    trust: [certificates().root],
    timeout: 5000,
    ...more,
  });
