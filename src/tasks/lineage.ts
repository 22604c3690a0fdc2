/** Which of the certificates that certbot keeps is the one for mail, and what to ask for where there is none. Pure. */
import { X509Certificate } from 'node:crypto';
import type { Action, Facts, KeyType, Lineage, Policy } from '../model/index.ts';
import { isKept } from './kept.ts';

/** The name certbot keeps the certificate under, or will. */
export function lineageName(facts: Facts, policy: Policy): string {
  return certificateRequest(facts, policy)[0]?.name ?? usableLineage(facts, policy)?.name ?? policy.domain;
}

/**
 * The certificate that certbot keeps for the domain: one with all the names before one without, and one that is served now, then
 * the lineage of the domain's name, before others. One without its key, not valid yet or any more by the host's clock, for other names, or from a
 * staging server that nobody asks for is none.
 */
export function usableLineage({ lineages, now }: Facts, policy: Policy): Lineage | null {
  const { domain, domains, acmeServer = '', lineagesInUse = [] } = policy;
  const usable = lineages.filter(
    (lineage) => lineage.key && covers(lineage, domain, now) && (!isRehearsal(lineage) || /staging/.test(acmeServer)),
  );
  const whole = usable.filter((lineage) => domains.every((name) => isFor(lineage, name)));
  const named = (some: Lineage[]): Lineage | undefined =>
    some.find(({ name }) => lineagesInUse.includes(name)) ?? some.find(({ name }) => name === domain) ?? some[0];
  return named(whole) ?? named(usable) ?? null;
}

/** What to ask the authority for; nothing where the certificate is there, or the admin brings one. */
export function certificateRequest(facts: Facts, policy: Policy): Extract<Action, { kind: 'certificate' }>[] {
  if (policy.own || isKept(policy)) return [];
  const found = usableLineage(facts, policy);
  const domains = [...new Set([...policy.domains, ...(policy.namesInUse ?? [])])];
  const { keyType, webroot, preHook, postHook, email, acmeServer, acmeCa } = policy;
  if (found && domains.every((name) => isFor(found, name)) && hasKeyOf(found, keyType)) return [];
  const name = nameToAskFor(facts, policy.domain, found);
  const there = facts.lineages.find((lineage) => lineage.name === name);
  return [
    {
      kind: 'certificate',
      name,
      domain: policy.domain,
      domains: [...new Set([...domains, ...(there ? namesOf(there) : [])])],
      challenge: webroot !== undefined || (preHook === undefined && webServer(facts)) ? 'webroot' : 'standalone',
      ...(webroot !== undefined && { webroot }),
      ...(preHook !== undefined && { preHook }),
      ...(postHook !== undefined && { postHook }),
      ...(keyType !== undefined && { keyType }),
      ...(email !== undefined && { email }),
      ...(acmeServer !== undefined && { acmeServer }),
      ...(acmeCa !== undefined && { acmeCa }),
    },
  ];
}

/** Those whose document root we know how to find. */
function webServer({ listeners }: Facts): boolean {
  return listeners.some(({ port, process }) => port === 80 && /^(nginx|apache2)$/.test(process));
}

/**
 * The one that is in use, or one of the domain's name, is got anew, with the names that it has; else the first name that
 * is free, as certbot counts them. Where something that is not certbot's has the name, certbot would fail only after the
 * authority has issued.
 */
function nameToAskFor({ lineages, takenNames }: Facts, domain: string, found: Lineage | null): string {
  if (found && isReplaceable(found)) return found.name;
  for (let n = 0; ; n++) {
    const name = n === 0 ? domain : `${domain}-${String(n).padStart(4, '0')}`;
    if (!takenNames.includes(name) || lineages.some((one) => one.name === name && isReplaceable(one))) return name;
  }
}

/** By http-01, as we ask; another way (dns-01, say) is the admin's, and so are wildcards, which need it. */
function isReplaceable(lineage: Lineage): boolean {
  const ways = ['standalone', 'webroot', 'nginx', 'apache'];
  return ways.includes(lineage.authenticator ?? '') && namesOf(lineage).every((name) => /^[a-z0-9.-]+$/.test(name));
}

function covers(lineage: Lineage, domain: string, now: number): boolean {
  const certificate = parsed(lineage);
  if (!certificate) return false;
  const [from, to] = [certificate.validFrom, certificate.validTo].map((date) => Date.parse(date) / 1000);
  return isFor(lineage, domain) && from! <= now && now < to!;
}

/** Let's Encrypt's staging server says so in the issuer's name; no client trusts it. */
function isRehearsal(lineage: Lineage): boolean {
  return parsed(lineage)?.issuer.includes('(STAGING)') ?? false;
}

function isFor(lineage: Lineage, domain: string): boolean {
  return parsed(lineage)?.checkHost(domain) !== undefined;
}

function hasKeyOf(lineage: Lineage, type: KeyType | undefined): boolean {
  return type === undefined || parsed(lineage)?.publicKey.asymmetricKeyType === (type === 'rsa' ? 'rsa' : 'ec');
}

function namesOf(lineage: Lineage): string[] {
  const names = parsed(lineage)?.subjectAltName?.split(', ') ?? [];
  return names.flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4).toLowerCase()] : []));
}

/** A certificate is asked about many times in a plan, and takes a millisecond or two to parse. */
const known = new WeakMap<Lineage, X509Certificate | null>();

function parsed(lineage: Lineage): X509Certificate | null {
  const before = known.get(lineage);
  if (before !== undefined) return before;
  const certificate = parse(lineage);
  known.set(lineage, certificate);
  return certificate;
}

function parse({ chain }: Lineage): X509Certificate | null {
  try {
    return new X509Certificate(chain);
  } catch {
    return null;
  }
}
