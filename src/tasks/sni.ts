/** Further names of the host, with certificates of their own (SNI, RFC 6066). Pure. */
import type { Action, Facts, Policy } from '../model/index.ts';
import { allKept, isKept } from './kept.ts';
import { certificateRequest, lineageName } from './lineage.ts';
import { servedCertificate, type Served } from './served.ts';
import type { OwnFile } from './task.ts';

/** Postfix's map from name to certificate. */
export const SNI_MAP = '/etc/postfix/harden-mail-sni';

/** A host as it looks for one certificate: what finds, checks and asks for the mail domain's does so for each. */
interface Part {
  readonly facts: Facts;
  readonly policy: Policy;
}

/** The mail domain's own, then those of further names. */
export function parts(facts: Facts, policy: Policy): Part[] {
  return [{ facts, policy }, ...further(facts, policy)];
}

/** Each further certificate is one of its own: that of the mail domain does not count, even if it has the name too. */
function further(facts: Facts, policy: Policy): Part[] {
  const { own: _own, kept: _kept, namesInUse: _names, lineagesInUse: _lineages, sni = [], ...shared } = policy;
  const { provided, providedSni = [], ...rest } = facts;
  const brought = [...(provided ? [provided] : []), ...providedSni];
  const main = lineagesOf({ facts, policy });
  const lineages = facts.lineages.filter(({ name }) => !main.includes(name));
  return sni.map(({ names, cert, key }) => {
    const its = brought.find((one) => one.cert === cert && one.key === key);
    return {
      facts: { ...rest, lineages, ...(its && { provided: its }) },
      policy: {
        ...shared,
        domain: names[0]!,
        domains: names,
        ...(cert !== undefined && key !== undefined && { own: { cert, key } }),
      },
    };
  });
}

/** What certbot keeps, or will, of one certificate: of those that stay there may be several, or none. */
export function lineagesOf({ facts, policy }: Part): string[] {
  if (policy.own) return [];
  const kept = allKept(policy).flatMap((one) => one.lineages);
  return [...new Set([...kept, ...(isKept(policy) ? [] : [lineageName(facts, policy)])])];
}

export interface Named {
  readonly names: readonly string[];
  readonly served: Served;
}

/** What is shown to who asks for a further name. */
export function namedCertificates(facts: Facts, policy: Policy, asked = true): Named[] {
  return further(facts, policy).map((part) => ({
    names: part.policy.domains,
    served: servedCertificate(part.facts, part.policy, asked),
  }));
}

/** Everything to ask the authority for. */
export function certificateRequests(facts: Facts, policy: Policy): Extract<Action, { kind: 'certificate' }>[] {
  return parts(facts, policy).flatMap((part) => certificateRequest(part.facts, part.policy));
}

/** Is there a certificate that certbot is to keep? */
export function needsCertbot(policy: Policy): boolean {
  const { own, sni = [] } = policy;
  const keeps = !own && (!isKept(policy) || allKept(policy).some(({ lineages }) => lineages.length > 0));
  return keeps || sni.some(({ cert }) => cert === undefined);
}

/** Before 3.4 Postfix has one certificate for all. */
function isTooOld({ postfix }: Facts): boolean {
  return /^([0-2]|3\.[0-3])(\.|$)/.test(postfix ?? '');
}

export function sniNotes(facts: Facts, { sni = [] }: Policy): string[] {
  if (sni.length === 0 || !isTooOld(facts)) return [];
  return [`Postfix ${facts.postfix} has one certificate for all names (several from 3.4 on): further names are shown theirs by Dovecot alone`]; // oxfmt-ignore
}

/**
 * The map is read as text when smtpd starts, and the files that it names with it, before root and the chroot: nothing has to
 * be made of it (`postmap -F`), and a reload after a renewal is enough.
 */
export function sniMap(facts: Facts, policy: Policy): OwnFile[] {
  if (facts.packages['postfix']?.status !== 'installed' || isTooOld(facts)) return [];
  const shared = { path: SNI_MAP, mode: '0644', owner: 'root:root', why: 'Postfix shows each name its certificate.' };
  const lines = namedCertificates(facts, policy).flatMap(({ names, served: { key, cert } }) =>
    names.map((name) => `${name} ${key}, ${cert}\n`),
  );
  if (lines.length === 0) return [{ ...shared, bytes: null }];
  const head = `# Written by harden-mail: the key and certificate that Postfix shows to who asks for a name (tls_server_sni_maps).
# Read as it is (texthash): no postmap; after an edit and after a renewal \`postfix reload\`.
`;
  return [{ ...shared, bytes: head + lines.join('') }];
}
