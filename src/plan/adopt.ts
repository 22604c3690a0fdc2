/** Decides which of the certificates that the daemons serve now stay. Pure. */
import { HardenMailError } from '../model/errors.ts';
import { listMembers } from '../formats/text/lists.ts';
import { mainValue } from '../formats/postfix/main-cf.ts';
import {
  NODE_KEY_TYPES,
  type Host,
  type IndexedMap,
  type Kept,
  type MailDaemon,
  type Policy,
  type Snapshot,
} from '../model/index.ts';
import { isNamed } from '../tasks/provided.ts';
import { isIndexed } from '../tasks/sni-maps.ts';
import { expandVariables } from '../formats/postfix/expand-variables.ts';
import { policyFor } from './policy.ts';
import { readRecord } from './profile/record.ts';
import { running } from './place/running-services.ts';
import { servedNow, type ServedNow, type ServedPair } from './serving/served-certificates.ts';
import { MAIN_CF, MASTER_CF, mainReader, openWorkspace, type Workspace } from './workspace.ts';
import { dnsNames } from '../x509/pem.ts';

/**
 * The target state of a host: its inventory entry with every default filled in, and the certificates that it serves now and
 * that stay. A valid certificate stays unless the admin brings another (`--cert`), asks for names that no valid certificate
 * has, or says `--replace certificate`. If no domain is given and no valid certificate is for the host's own name, the domain
 * is a name of these certificates.
 * @throws what `policyFor` throws
 */
export function policyOf(host: Host, snapshot: Snapshot): Policy {
  const { served, sniMaps } = look(snapshot);
  const valid = served.filter((one) => usable(one).length > 0);
  const replaces = host.replace?.includes('certificate') ?? false;
  const { facts } = snapshot;
  const domain = host.domain ?? (replaces || host.cert !== undefined ? undefined : nameFor(valid, facts.hostname));
  const policy = policyFor({ ...host, ...(domain !== undefined && { domain }) }, facts, readRecord(snapshot));
  const chainPairs = served.filter(({ isList }) => isList).flatMap(usable).map(plain); // oxfmt-ignore
  const known = { ...policy, ...(chainPairs.length > 0 && { chainPairs }), ...(sniMaps.length > 0 && { sniMaps }) };
  if (policy.own) return known;
  const wanted = host.domain === undefined ? policy.domains.slice(1) : policy.domains;
  const suits = valid.filter((one) => !isOtherKey(one, policy));
  const anyCovers = suits.some((one) => usable(one).every((pair) => wanted.every((name) => isFor(pair, name))));
  if (anyCovers && !replaces && !policy.replace?.includes('certificate')) {
    const kept: Partial<Record<MailDaemon, Kept>> = {};
    for (const one of suits) kept[one.daemon] = keptOf(one, policy);
    return { ...known, kept, certificateNotes: notesOnRest(served, kept, policy, facts.hostname, host) };
  }
  const lineagesInUse = [...new Set(served.flatMap(({ pairs }) => pairs.flatMap(({ lineage }) => lineage ?? [])))];
  const names = [...new Set(valid.flatMap(usable).flatMap(({ leaf }) => dnsNames(leaf)))];
  const namesInUse = names.filter((name) => !name.includes('*'));
  return {
    ...known,
    ...(lineagesInUse.length > 0 && { lineagesInUse }),
    ...(namesInUse.length > 0 && { namesInUse }),
    certificateNotes: valid.flatMap((one) => notesOnReplaced(one, wanted)),
  };
}

/** If the files cannot be parsed, no certificate is known to be served: the plan reports the error. */
function look(snapshot: Snapshot): { served: readonly ServedNow[]; sniMaps: readonly IndexedMap[] } {
  try {
    const { workspace } = openWorkspace(snapshot);
    return { served: servedNow(snapshot, workspace), sniMaps: indexedMaps(workspace) };
  } catch (error) {
    if (error instanceof HardenMailError) return { served: [], sniMaps: [] };
    throw error;
  }
}

function indexedMaps(workspace: Workspace): IndexedMap[] {
  const name = 'tls_server_sni_maps';
  const read = mainReader(workspace);
  const entry = workspace.postfix && mainValue(workspace.postfix.main, name);
  const said = entry ? [{ value: entry.value, setting: `${MAIN_CF}:${entry.line}: ${name}` }] : [];
  const options = running(workspace).flatMap(
    (service) =>
    service.options.filter((option) => option.name === name).map(({ value, line }) => ({ value, setting: `${MASTER_CF}:${line}: ${service.name}/${service.type} ${name}` })), // oxfmt-ignore
  );
  const all = [...said, ...options].flatMap(
    ({ value, setting }) =>
    listMembers(expandVariables(value, read)).filter(isIndexed).map((map) => ({ map, setting })), // oxfmt-ignore
  );
  return [...new Map(all.map((one) => [one.map, one])).values()];
}

function usable({ pairs }: ServedNow): ServedPair[] {
  return pairs.filter(({ problem }) => problem === null);
}

/** A lineage of certbot whose key type differs from the requested one is reissued. */
function isOtherKey(served: ServedNow, { request: { keyType } = {} }: Policy): boolean {
  const [pair] = usable(served);
  return keyType !== undefined && pair?.lineage != null && pair.keyType !== NODE_KEY_TYPES[keyType];
}

function isFor({ leaf }: ServedPair, name: string): boolean {
  return leaf !== null && isNamed(leaf, name);
}

/**
 * The domain of a host whose valid certificates are not for its own name: a name that all of them have, else the first name of
 * the first. Undefined if a certificate is for the host's own name, or if there is none.
 */
function nameFor(valid: readonly ServedNow[], hostname: string): string | undefined {
  const leafs = valid.map((one) => usable(one)[0]!);
  if (leafs.length === 0 || leafs.some((pair) => isFor(pair, hostname.toLowerCase()))) return undefined;
  const names = leafs.flatMap(({ leaf }) => dnsNames(leaf)).filter((name) => /^([a-z0-9-]+\.)+[a-z0-9-]+$/.test(name));
  return names.find((name) => leafs.every((pair) => isFor(pair, name))) ?? names[0] ?? belowWildcard(leafs[0]!, hostname); // oxfmt-ignore
}

/** For a certificate that has only a wildcard name (`*.example.org`): the host's own first label below it. */
function belowWildcard({ leaf }: ServedPair, hostname: string): string | undefined {
  const wildcard = dnsNames(leaf).find((name) => name.startsWith('*.'));
  return wildcard?.replace('*', hostname.toLowerCase().split('.')[0] || 'mail');
}

function keptOf(served: ServedNow, { domain, domains }: Policy): Kept {
  const pairs = usable(served) as [ServedPair, ...ServedPair[]];
  const [first] = pairs;
  const names = dnsNames(first.leaf);
  const lineages = [...new Set(pairs.flatMap((pair) => pair.lineages))];
  return {
    pairs: pairs.map(plain) as unknown as Kept['pairs'],
    chain: first.chain,
    otherChains: pairs.slice(1).map(({ chain }) => chain),
    name:
      [domain, ...domains].find((name) => isFor(first, name)) ??
      names.find((name) => !name.includes('*')) ??
      belowWildcard(first, domain) ??
      domain,
    names,
    until: Math.min(...pairs.map(({ leaf }) => Date.parse(leaf!.validTo) / 1000)),
    setting: served.setting,
    lineage: first.lineage,
    lineages,
    whole: served.isList ? pairs.length === served.pairs.length : served.pairs[0] === first,
    shared: first.shared,
    exposed: [...new Set(pairs.flatMap(({ exposed }) => exposed))],
    changed: Math.max(...pairs.map(({ changed }) => changed)),
    folders: [...new Set(pairs.flatMap(({ folders }) => folders))],
  };
}

function plain({ key, cert, files, keyType }: ServedPair): Kept['pairs'][number] {
  return { key, cert, files, keyType };
}

/** Notes on pairs that cannot be served, on names that the kept certificates lack, and on the source of the domain. */
function notesOnRest(
  served: readonly ServedNow[],
  kept: NonNullable<Policy['kept']>,
  { domain }: Policy,
  hostname: string,
  host: Host,
): string[] {
  const rest = served.flatMap(({ daemon, setting, pairs, isList }) => {
    const bad = pairs.filter(({ problem }) => problem !== null);
    if (bad.length === 0 || (!isList && kept[daemon]?.whole !== true)) return [];
    const what = isList ? 'it is taken out of the list' : 'it is still offered to clients: replace it, or take it out';
    return bad.map(({ cert, problem }) => `${setting}: ${cert}: ${problem}; ${kept[daemon] ? what : 'it is replaced'}`);
  });
  const others = Object.values(kept).filter((one) => one.name !== domain);
  const isTaken = host.domain === undefined && domain !== hostname.toLowerCase();
  return [
    ...(isTaken
      ? [`the mail domain is ${domain}, a name of the certificate that stays: no certificate is for ${hostname}, the host's own name (--domain names another)`] // oxfmt-ignore
      : []),
    ...rest,
    ...others.map((one) => `${one.setting}: ${one.pairs[0].cert} is not for ${domain} but for ${one.names.join(', ')}: it stays, and clients of this daemon keep using these names`), // oxfmt-ignore
  ];
}

/** Notes on valid certificates that will be replaced, with the reason. */
function notesOnReplaced(served: ServedNow, wanted: readonly string[]): string[] {
  const [pair] = usable(served);
  if (!pair || pair.lineage !== null) return [];
  const lacks = wanted.filter((name) => !isFor(pair, name));
  const why = lacks.length > 0 ? `it is not for ${lacks.join(', ')}` : '--replace certificate';
  const wild = dnsNames(pair.leaf).filter((name) => name.includes('*'));
  return [
    `${served.setting}: ${pair.cert} (${dnsNames(pair.leaf).join(', ')}) is replaced by certbot's: ${why}`,
    ...(wild.length > 0
      ? [`certbot gets no certificate for ${wild.join(', ')} (http-01): name each host below it that clients use (--domains)`] // oxfmt-ignore
      : []),
  ];
}
