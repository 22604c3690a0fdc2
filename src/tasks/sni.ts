/** Additional names of the host with certificates of their own (SNI, RFC 6066). Pure. */
import { PATHS, type Action, type Facts, type Policy } from '../model/index.ts';
import { SNI_MAP_HEAD } from '../model/sni-map.ts';
import { allKept, isKept } from './kept.ts';
import { certificateRequest, lineageName } from './lineage.ts';
import { servedCertificate, type Served } from './served.ts';
import type { OwnFile } from './task.ts';

/** The facts and policy for one certificate: code that finds, checks and requests the mail domain's works for every certificate. */
interface Part {
  readonly facts: Facts;
  readonly policy: Policy;
}

/** The mail domain's certificate, then those of additional names. */
export function parts(facts: Facts, policy: Policy): Part[] {
  return [{ facts, policy }, ...additional(facts, policy)];
}

/** Each additional certificate is separate: the mail domain's does not count, even if it has the name too. */
function additional(facts: Facts, policy: Policy): Part[] {
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

/** certbot's names for one certificate, now or after it is issued; a kept certificate may have several, or none. */
export function lineagesOf({ facts, policy }: Part): string[] {
  if (policy.own) return [];
  const kept = allKept(policy).flatMap((one) => one.lineages);
  return [...new Set([...kept, ...(isKept(policy) ? [] : [lineageName(facts, policy)])])];
}

export interface Named {
  readonly names: readonly string[];
  readonly served: Served;
}

/** The certificate that each additional name serves. */
export function namedCertificates(facts: Facts, policy: Policy, asked = true): Named[] {
  return additional(facts, policy).map((part) => ({
    names: part.policy.domains,
    served: servedCertificate(part.facts, part.policy, asked),
  }));
}

/** Every certificate to request from the authority. */
export function certificateRequests(facts: Facts, policy: Policy): Extract<Action, { kind: 'certificate' }>[] {
  return parts(facts, policy).flatMap((part) => certificateRequest(part.facts, part.policy));
}

/** Does certbot manage any certificate of this host? */
export function needsCertbot(policy: Policy): boolean {
  const { own, sni = [] } = policy;
  const keeps = !own && (!isKept(policy) || allKept(policy).some(({ lineages }) => lineages.length > 0));
  return keeps || sni.some(({ cert }) => cert === undefined);
}

/** Postfix before 3.4 has one certificate for all names. */
function isTooOld({ postfix }: Facts): boolean {
  return /^([0-2]|3\.[0-3])(\.|$)/.test(postfix ?? '');
}

export function sniNotes(facts: Facts, { sni = [] }: Policy): string[] {
  if (sni.length === 0 || !isTooOld(facts)) return [];
  return [`Postfix ${facts.postfix} has one certificate for all names (SNI needs 3.4): only Dovecot serves additional names their own`]; // oxfmt-ignore
}

/**
 * smtpd reads the map as text when it starts, and with it the files that it names, before it drops root privileges and enters the
 * chroot. So it needs no `postmap -F`, and a reload after a renewal is enough.
 */
export function sniMap(facts: Facts, policy: Policy): OwnFile[] {
  if (facts.packages['postfix']?.status !== 'installed' || isTooOld(facts)) return [];
  const shared = {
    path: PATHS.SNI_MAP,
    mode: '0644',
    owner: 'root:root',
    why: 'Postfix serves each name its own certificate.',
  };
  const lines = namedCertificates(facts, policy).flatMap(({ names, served: { key, cert } }) =>
    names.map((name) => `${name} ${key}, ${cert}\n`),
  );
  if (lines.length === 0) return [{ ...shared, bytes: null }];
  return [{ ...shared, bytes: SNI_MAP_HEAD + lines.join('') }];
}
