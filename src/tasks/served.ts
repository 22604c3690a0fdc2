/** The certificate that the daemons serve after the run, from certbot or elsewhere. Pure. */
import { PATHS, type Facts, type Lineage, type MailDaemon, type Policy } from '../model/index.ts';
import { keptFor } from './kept.ts';
import { lineageName, usableLineage } from './lineage.ts';

export interface Served {
  /** certbot's name for it; its path if certbot does not manage it. */
  readonly name: string;
  /** Paths on the host: the chain, and its private key. */
  readonly cert: string;
  readonly key: string;
  /** The chain on the host, PEM; null if it is not issued yet. */
  readonly chain: string | null;
  /** certbot's method of renewal; null if certbot does not manage it. */
  readonly authenticator: string | null;
}

/**
 * @param asked false: this run requests no certificate, so the result is the present one, if it is usable
 * @param daemon the administrator may have set different certificates for the two daemons
 */
export function servedCertificate(facts: Facts, policy: Policy, asked = true, daemon: MailDaemon = 'postfix'): Served {
  if (policy.own) {
    const { cert, key } = policy.own;
    return { name: cert, cert, key, chain: facts.provided?.chain || null, authenticator: null };
  }
  const kept = keptFor(policy, daemon);
  if (kept && kept.lineage === null) {
    const [{ cert, key }] = kept.pairs;
    return { name: cert, cert, key, chain: kept.chain, authenticator: null };
  }
  const lineage = kept
    ? (facts.lineages.find((one) => one.name === kept.lineage) ?? null)
    : usableLineage(facts, policy);
  if (kept && lineage) return ofLineage(lineage.name, lineage);
  const name = (asked ? null : lineage?.name) ?? lineageName(facts, policy);
  return ofLineage(name, lineage);
}

function ofLineage(name: string, lineage: Lineage | null): Served {
  const live = `${PATHS.LIVE}/${name}`;
  return {
    name,
    cert: `${live}/fullchain.pem`,
    key: `${live}/privkey.pem`,
    chain: lineage?.chain ?? null,
    authenticator: lineage?.authenticator ?? null,
  };
}
