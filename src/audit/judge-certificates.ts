import type { Severity } from '../model.ts';
import { keyOf, nameOf, selfSigned, type Chain } from './chain.ts';
import { signatureAlgorithm } from './der.ts';
import type { Judgement } from './judgement.ts';

/** Key, signature and order of each chain; name, validity and trust are verify's. */
export function judgeCertificates(chains: readonly Chain[]): Judgement[] {
  return chains.flatMap((chain) => [...keys(chain), ...signatures(chain), order(chain)]);
}

function keys({ certificates }: Chain): Judgement[] {
  const check = 'certificate-key';
  return certificates.slice(0, 1).map((leaf) => {
    const { text, strength } = keyOf(leaf);
    if (strength >= 112) return { check, severity: 'ok', text: `its key is ${text}` };
    if (strength === 0) return { check, severity: 'info', text: `its key is ${text}, which is not judged here` };
    return { check, severity: strength < 80 ? 'high' : 'medium', text: `its key is weak: ${text}` };
  });
}

function signatures({ certificates }: Chain): Judgement[] {
  const check = 'certificate-signature';
  // A root's signature on itself proves nothing, and nobody looks at it.
  const signed = certificates.filter((one, index) => index === 0 || !selfSigned(one));
  const judged = signed.map((one): Judgement => {
    const algorithm = signatureAlgorithm(one.raw);
    const severity: Severity = /md[25]/i.test(algorithm) ? 'high' : /sha1/i.test(algorithm) ? 'medium' : 'ok';
    const text = `${nameOf(one)} is signed with ${algorithm}`;
    return { check, severity, text };
  });
  const bad = judged.filter(({ severity }) => severity !== 'ok');
  return bad.length > 0 ? bad : judged.slice(0, 1);
}

function order({ certificates, faults, withRoot }: Chain): Judgement {
  const check = 'certificate-chain';
  if (faults.length > 0) return { check, severity: 'medium', text: `the chain is not in order: ${faults.join('; ')}` };
  const length = `${certificates.length} certificate${certificates.length === 1 ? '' : 's'}`;
  if (withRoot) return { check, severity: 'info', text: `sends ${length}, the root too, which nobody needs` };
  return { check, severity: 'ok', text: `sends ${length}, in order` };
}
