/** The certificate that the daemons are to serve, whoever keeps it. Pure. */
import type { Facts, Lineage, MailDaemon, Policy } from '../model/index.ts';
import { keptFor } from './kept.ts';
import { lineageName, usableLineage } from './lineage.ts';

export interface Served {
  /** What certbot keeps it under; its path where certbot does not. */
  readonly name: string;
  /** Paths on the host: the chain, and its private key. */
  readonly cert: string;
  readonly key: string;
  /** The chain as it is on the host, PEM; null where it is yet to be got. */
  readonly chain: string | null;
  /** How certbot renews it; null for what is not certbot's. */
  readonly authenticator: string | null;
}

/**
 * @param asked false: nobody asks for one in this run, so it is the one that is there, if any can be used
 * @param daemon the two may serve different ones, where the admin has it so
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
  const live = `/etc/letsencrypt/live/${name}`;
  return {
    name,
    cert: `${live}/fullchain.pem`,
    key: `${live}/privkey.pem`,
    chain: lineage?.chain ?? null,
    authenticator: lineage?.authenticator ?? null,
  };
}
