/** Selects the certbot certificate for mail, and says what to request if there is none. Pure. */
import { NODE_KEY_TYPES, type Action, type Facts, type KeyType, type Lineage, type Policy } from '../model/index.ts';
import { isKept } from './kept.ts';
import { dnsNames, parseCertificate } from '../x509/pem.ts';

/** certbot's name for the certificate, now or after it is issued. */
export function lineageName(facts: Facts, policy: Policy): string {
  return certificateRequest(facts, policy)[0]?.name ?? usableLineage(facts, policy)?.name ?? policy.domain;
}

/**
 * The certbot certificate for the domain, or null. A certificate with all names comes before one without, then one that is in use,
 * then the lineage with the domain's name. Not usable is a certificate without its key, not valid at the time of the host's clock,
 * for other names, or from a staging server that the run does not ask for.
 */
export function usableLineage({ lineages, now }: Facts, policy: Policy): Lineage | null {
  const { domain, domains, request: { acmeServer = '' } = {}, lineagesInUse = [] } = policy;
  const usable = lineages.filter(
    (lineage) => lineage.key && covers(lineage, domain, now) && (!isRehearsal(lineage) || /staging/.test(acmeServer)),
  );
  const whole = usable.filter((lineage) => domains.every((name) => isFor(lineage, name)));
  const named = (some: Lineage[]): Lineage | undefined =>
    some.find(({ name }) => lineagesInUse.includes(name)) ?? some.find(({ name }) => name === domain) ?? some[0];
  return named(whole) ?? named(usable) ?? null;
}

/** The certificate to request; empty if there is one already, or the administrator supplies it. */
export function certificateRequest(facts: Facts, policy: Policy): Extract<Action, { kind: 'certificate' }>[] {
  if (policy.own || isKept(policy)) return [];
  const found = usableLineage(facts, policy);
  const domains = [...new Set([...policy.domains, ...(policy.namesInUse ?? [])])];
  const { request = {} } = policy;
  const { keyType, webroot, preHook } = request;
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
      request,
    },
  ];
}

/** Web servers whose document root the tool can find. */
function webServer({ listeners }: Facts): boolean {
  return listeners.some(({ port, process }) => port === 80 && /^(nginx|apache2)$/.test(process));
}

/**
 * The name to request. The certificate in use, or one with the domain's name, is reissued with its names; otherwise the first free
 * name, numbered as certbot does. A name that something other than certbot occupies is not free: certbot would fail, and only
 * after the authority has issued.
 */
function nameToAskFor({ lineages, takenNames }: Facts, domain: string, found: Lineage | null): string {
  if (found && isReplaceable(found)) return found.name;
  for (let n = 0; ; n++) {
    const name = n === 0 ? domain : `${domain}-${String(n).padStart(4, '0')}`;
    if (!takenNames.includes(name) || lineages.some((one) => one.name === name && isReplaceable(one))) return name;
  }
}

/** The tool requests by http-01. Another method (such as dns-01) is the administrator's, and so are wildcards, which need it. */
function isReplaceable(lineage: Lineage): boolean {
  const ways = ['standalone', 'webroot', 'nginx', 'apache'];
  return ways.includes(lineage.authenticator ?? '') && namesOf(lineage).every((name) => /^[a-z0-9.-]+$/.test(name));
}

function covers(lineage: Lineage, domain: string, now: number): boolean {
  const certificate = parseCertificate(lineage.chain);
  if (!certificate) return false;
  const [from, to] = [certificate.validFrom, certificate.validTo].map((date) => Date.parse(date) / 1000);
  return isFor(lineage, domain) && from! <= now && now < to!;
}

/** Let's Encrypt's staging server is named in the issuer; no client trusts it. */
function isRehearsal(lineage: Lineage): boolean {
  return parseCertificate(lineage.chain)?.issuer.includes('(STAGING)') ?? false;
}

function isFor(lineage: Lineage, domain: string): boolean {
  return parseCertificate(lineage.chain)?.checkHost(domain) !== undefined;
}

function hasKeyOf(lineage: Lineage, type: KeyType | undefined): boolean {
  return type === undefined || parseCertificate(lineage.chain)?.publicKey.asymmetricKeyType === NODE_KEY_TYPES[type];
}

function namesOf(lineage: Lineage): string[] {
  return dnsNames(parseCertificate(lineage.chain));
}
