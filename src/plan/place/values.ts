import type { Condition, Fragment, Merge } from '../../fragments/fragment.ts';
import { NODE_KEY_TYPES, type Facts, type KeyPair, type Policy } from '../../model/index.ts';
import { servedCertificate, type Served } from '../../tasks/served.ts';
import type { SaslInUse } from '../serving/sasl-in-use.ts';
import type { Named } from '../../tasks/sni.ts';
import { mainValue } from '../../formats/postfix/main-cf.ts';
import { satisfies } from '../../formats/versions.ts';
import { parseCertificate } from '../../x509/pem.ts';
import type { Workspace } from '../workspace.ts';

/**
 * Fills in the placeholders of fragments for one host.
 * @param asks does this run request a certificate that does not exist yet?
 */
export function valuesFor(facts: Facts, policy: Policy, asks: boolean, sasl: SaslInUse): (text: string) => string {
  const served = servedCertificate(facts, policy, asks);
  const reading = servedCertificate(facts, policy, asks, 'dovecot');
  const values: Readonly<Record<string, string>> = {
    cert: served.cert,
    key: served.key,
    chains: chainFiles(served, policy),
    dovecot_cert: reading.cert,
    dovecot_key: reading.key,
    domain: policy.domain,
    lineage: served.name,
    sasl_path: sasl.path,
    auth_socket: sasl.socket,
  };
  // Postfix's own variables, such as ${data_directory}, stay.
  return (text) => text.replace(/(?<!\$)\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** The value of smtpd_tls_chain_files: our key and certificate, and the existing pairs with another key type. */
function chainFiles({ key, cert, chain }: Served, { chainPairs = [], request, kept }: Policy): string {
  const pairs = kept?.postfix?.pairs ?? chainPairs;
  const type = chain === null ? NODE_KEY_TYPES[request?.keyType ?? 'ecdsa'] : parseCertificate(chain)?.publicKey.asymmetricKeyType; // oxfmt-ignore
  const isOurs = (pair: KeyPair): boolean => pair.key === key && pair.cert === cert;
  const others = pairs.filter((pair) => isOurs(pair) || pair.keyType !== type);
  const lists = others.map(({ files }) => files.join(', '));
  return [...new Set(others.some(isOurs) ? lists : [`${key}, ${cert}`, ...lists])].join(', ');
}

/** Does the fragment stand for one fragment per additional name? */
export function isForNames({ place }: Fragment): boolean {
  return place.in === 'dovecot' && place.block.some((header) => header.includes('{name}'));
}

/**
 * Expands these fragments: one for each additional name, with the values of that name's certificate. Other fragments stay as
 * they are.
 */
export function forNames(fragments: readonly Fragment[], certificates: readonly Named[]): Fragment[] {
  return fragments.flatMap((fragment) => {
    const { place, merge } = fragment;
    if (place.in !== 'dovecot' || !isForNames(fragment)) return [fragment];
    return certificates.flatMap(({ names, served: { cert, key } }) => {
      const fill = (text: string): string => text.replace('{cert}', cert).replace('{key}', key);
      return names.map((name): Fragment => {
        const block = place.block.map((header) => header.replace('{name}', name));
        return { ...fragment, place: { ...place, block }, merge: fillMerge(merge, fill) };
      });
    });
  });
}

/** The facts that decide whether a fragment applies to a host. */
export interface Situation {
  readonly facts: Facts;
  readonly policy: Policy;
  readonly sasl: SaslInUse;
  /** True if Postfix's user can already open the socket of `sasl`. */
  readonly reached: boolean;
}

/** The fragment's merge with its values filled in. */
export function fillMerge(merge: Merge, fill: (text: string) => string): Merge {
  return 'value' in merge ? { ...merge, value: fill(merge.value) } : merge;
}

/**
 * Does this fragment apply to this host, by profile, versions, map types and the current main.cf? The map types of a Postfix
 * that is not installed yet are unknown: it counts as supporting the required types.
 */
export function applies(
  fragment: Fragment,
  { facts, policy, sasl, reached }: Situation,
  workspace: Workspace,
): boolean {
  if (fragment.profile === 'strict' && policy.profile !== 'strict') return false;
  if (policy.alone && fragment.place.in === 'dovecot') return false;
  if (sasl.kind === 'none' && ['sasl', 'smtps'].includes(fragment.task)) return false;
  const when: Condition = fragment.when ?? {};
  const isSet = (name: string): boolean =>
    workspace.postfix !== null && mainValue(workspace.postfix.main, name) !== null;
  return (
    (when.postfix === undefined || (facts.postfix !== null && satisfies(facts.postfix, when.postfix))) &&
    (when.dovecot === undefined || (facts.dovecot !== null && satisfies(facts.dovecot, when.dovecot))) &&
    (when.set === undefined || isSet(when.set)) &&
    (when.unset === undefined || !isSet(when.unset)) &&
    (when.asked === undefined || (policy.asked ?? []).includes(when.asked)) &&
    (when.sasl === undefined || when.sasl === sasl.kind) &&
    (when.unreached === undefined || !reached) &&
    (when.notKept === undefined ||
      policy.kept?.[when.notKept]?.whole !== true ||
      policy.kept[when.notKept]?.lineage !== null) && // oxfmt-ignore
    (when.sni === undefined || when.sni === (policy.sni ?? []).length > 0) &&
    (when.map === undefined || facts.maps.length === 0 || facts.maps.includes(when.map)) &&
    (when.noMap === undefined || (facts.maps.length > 0 && !facts.maps.includes(when.noMap)))
  );
}
