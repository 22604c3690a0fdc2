/** The certificates that the daemons are configured to serve now, and whether clients can accept them. Pure. */
import type { X509Certificate } from 'node:crypto';
import { dovecotValue, type DovecotConfig } from '../../formats/dovecot/dovecot.ts';
import { listMembers } from '../../formats/text/lists.ts';
import { mainValue } from '../../formats/postfix/main-cf.ts';
import { PATHS, type Facts, type KeyPair, type MailDaemon, type PemFile, type Snapshot } from '../../model/index.ts';
import { expandVariables } from '../../formats/postfix/expand-variables.ts';
import { compareVersions } from '../../formats/versions.ts';
import { MAIN_CF, mainReader, type Workspace } from '../workspace.ts';
import { parseCertificate, pemCertificates } from '../../x509/pem.ts';

/** One key with its certificate, checked. */
export interface ServedPair extends KeyPair {
  /** Null if the files hold no readable certificate that belongs to the key. */
  readonly leaf: X509Certificate | null;
  /** The certificate and those that follow it, PEM. */
  readonly chain: string;
  /** Why no client accepts the certificate; null: it can be served. */
  readonly problem: string | null;
  /** The folder below /etc/letsencrypt/live that its path names; null if it names none. */
  readonly lineage: string | null;
  /** The lineages of its files that certbot renews, also if a path leads there by a link. */
  readonly lineages: readonly string[];
  /** Another daemon can use it: its key has no password, and its path is visible to other daemons too. */
  readonly shared: boolean;
  readonly exposed: readonly string[];
  readonly changed: number;
  readonly folders: readonly string[];
}

/** The certificates that one daemon serves to clients, except for names with a certificate of their own. */
export interface ServedNow {
  readonly daemon: MailDaemon;
  /** `/etc/postfix/main.cf:12: smtpd_tls_cert_file` */
  readonly setting: string;
  readonly pairs: readonly ServedPair[];
  /** Is it one list of pairs, in which a pair that cannot be served also stops the others? */
  readonly isList: boolean;
}

/** The certificates of both daemons, Postfix first; a daemon without a configured certificate is left out. */
export function servedNow(snapshot: Snapshot, { postfix, dovecot }: Workspace): ServedNow[] {
  const files = filesOf(snapshot);
  return [
    ...(postfix ? servedByPostfix(snapshot.facts, { postfix, dovecot }, files) : []),
    ...(dovecot ? servedByDovecot(snapshot.facts, dovecot, files) : []),
  ];
}

/** A file of certificates and keys, with the name of its lineage. */
interface Source extends Omit<PemFile, 'path'> {
  readonly lineage: string | null;
}
type Files = (path: string) => Source;

const PART = new RegExp(`^${PATHS.LIVE}/([^/]+)/([^/]+)\\.pem$`);
const ARCHIVE = /^\/etc\/letsencrypt\/archive\/([^/]+)\//;

function filesOf({ facts, files }: Snapshot): Files {
  const read = new Map((facts.pemFiles ?? []).map((file) => [file.path, file]));
  return (path) => {
    const [, name, part] = PART.exec(path) ?? [];
    const found = read.get(path);
    if (name === undefined || part === undefined) {
      const none = { target: '', certificates: '', publicKeys: [], exposed: false, changed: 0, folders: [] };
      return { ...(found ?? none), lineage: null };
    }
    const lineage = facts.lineages.find((one) => one.name === name);
    const live = files[`${PATHS.LIVE}/${name}/fullchain.pem`];
    // The facts already say whether a lineage's key belongs to its certificate.
    return {
      target: lineage ? path : '',
      certificates: part === 'privkey' ? '' : (lineage?.chain ?? ''),
      publicKeys: part === 'privkey' && lineage ? [lineage.key ? 'unknown' : ''] : [],
      exposed: part === 'privkey' && lineage?.exposed === true,
      changed: live?.changed ?? 0,
      folders: lineage?.authenticator === null ? [`${PATHS.LIVE}/${name}`] : [],
      lineage: name,
    };
  };
}

function servedByPostfix(facts: Facts, workspace: Workspace, files: Files): ServedNow[] {
  const { postfix } = workspace;
  if (!postfix) return [];
  const read = mainReader(workspace);
  // postconf on the host expands variables; if it was not asked, the value of the file is expanded here.
  const value = (name: string): string => facts.postconf[name] ?? expandVariables(read(name) ?? '', read);
  const at = (name: string): string => `${MAIN_CF}:${mainValue(postfix.main, name)?.line ?? 0}: ${name}`;
  // Postfix before 3.4 does not read smtpd_tls_chain_files.
  const isKnown = facts.postfix === null || compareVersions(facts.postfix, '3.4') >= 0;
  const listed = isKnown ? listMembers(value('smtpd_tls_chain_files')) : [];
  if (listed.length > 0) {
    const name = 'smtpd_tls_chain_files';
    return [{ daemon: 'postfix', setting: at(name), pairs: pairsOf(listed, files, facts), isList: true }];
  }
  const kinds = ['', 'ec', 'd'].map((kind) => {
    const cert = value(`smtpd_tls_${kind}cert_file`);
    return { cert: cert === 'none' ? '' : cert, key: value(`smtpd_tls_${kind}key_file`) || cert, kind };
  });
  const pairs = kinds.flatMap(({ cert, key }) => (cert === '' ? [] : [pairOf(key, cert, files, facts, false)]));
  const [first] = kinds.filter(({ cert }) => cert !== '');
  return first ? [{ daemon: 'postfix', setting: at(`smtpd_tls_${first.kind}cert_file`), pairs, isList: false }] : [];
}

function servedByDovecot(facts: Facts, config: DovecotConfig, files: Files): ServedNow[] {
  const names = config.grammar === '2.4' ? ['ssl_server_', '_file'] : ['ssl_', ''];
  const entry = (name: string): ReturnType<typeof dovecotValue> => dovecotValue(config, [names.join(name)]);
  const path = (name: string): string => {
    const { value = '', file = '' } = entry(name) ?? {};
    if (config.grammar !== '2.4' && !value.startsWith('<')) return '';
    const named = value.replace(/^<\s*/, '');
    return named === '' || named.startsWith('/') ? named : file.replace(/[^/]*$/, '') + named;
  };
  const hasPassword = (dovecotValue(config, [`${names[0]}key_password`])?.value ?? '') !== '';
  const pairs = ['', 'alt_'].flatMap((kind) => {
    const cert = path(`${kind}cert`);
    return cert === '' ? [] : [pairOf(path(`${kind}key`), cert, files, facts, hasPassword)];
  });
  const where = entry('cert');
  if (!where || pairs.length === 0) return [];
  return [{ daemon: 'dovecot', setting: `${where.file}:${where.line}: ${names.join('cert')}`, pairs, isList: false }];
}

/**
 * The pairs of smtpd_tls_chain_files (postconf(5)): each begins with a key, and the certificates up to the next key belong to
 * it.
 */
function pairsOf(listed: readonly string[], files: Files, facts: Facts): ServedPair[] {
  const groups: string[][] = [];
  for (const path of listed) {
    if (groups.length === 0 || files(path).publicKeys.length > 0) groups.push([path]);
    else groups.at(-1)?.push(path);
  }
  return groups.flatMap((group) => {
    const [first = ''] = group;
    const { publicKeys } = files(first);
    // A file with several keys: each key has its certificate in the same group.
    return publicKeys.length > 1
      ? publicKeys.map((key) => judged({ group, key, keyPath: first, files, facts, hasPassword: false }))
      : [judged({ group, key: publicKeys[0] ?? '', keyPath: first, files, facts, hasPassword: false })];
  });
}

function pairOf(keyPath: string, cert: string, files: Files, facts: Facts, hasPassword: boolean): ServedPair {
  const key = files(keyPath).publicKeys[0] ?? '';
  const group = keyPath === cert ? [cert] : [keyPath, cert];
  return judged({ group, key, keyPath, files, facts, hasPassword });
}

interface Named {
  readonly group: readonly string[];
  readonly key: string;
  readonly keyPath: string;
  readonly files: Files;
  readonly facts: Facts;
  readonly hasPassword: boolean;
}

function judged({ group, key, keyPath, files, facts, hasPassword }: Named): ServedPair {
  const sources = group.map((path) => ({ path, ...files(path) }));
  const certificates = sources.flatMap(({ path, certificates: pem }) => pemCertificates(pem).map((one) => ({ path, pem: one, leaf: parseCertificate(one) }))); // oxfmt-ignore
  // A key that the host could not read (no openssl, or a password) is assumed to belong to the first certificate.
  const isSealed = key === 'unknown' || (key === '' && hasPassword && sources.some(({ publicKeys }) => publicKeys.length > 0)); // oxfmt-ignore
  const at = isSealed ? 0 : certificates.findIndex(({ leaf }) => leaf !== null && publicHalf(leaf) === key);
  const own = at < 0 ? undefined : certificates[at];
  const missing = group.find((path) => files(path).target === '');
  const leaf = own?.leaf ?? null;
  const lineages = sources
    .flatMap(({ lineage, target }) => lineage ?? ARCHIVE.exec(target)?.[1] ?? [])
    .filter((name) => facts.lineages.some((one) => one.name === name && one.authenticator !== null));
  const isCertbots = sources.every(({ lineage }) => lineage !== null);
  return {
    key: keyPath,
    cert: own?.path ?? group.at(-1) ?? keyPath,
    files: group,
    keyType: leaf?.publicKey.asymmetricKeyType ?? '',
    leaf,
    chain: certificates.slice(Math.max(at, 0)).map(({ pem }) => `${pem}\n`).join(''), // oxfmt-ignore
    problem:
      missing === undefined ? problemOf(leaf, certificates.length, keyPath, facts) : `there is no file ${missing}`,
    lineage: isCertbots ? (sources[0]?.lineage ?? null) : null,
    lineages: [...new Set(lineages)],
    shared: !hasPassword && !group.some((path) => /^(\/var)?\/tmp\//.test(path)),
    exposed: sources.flatMap(({ path, exposed }) => (exposed ? [path] : [])),
    changed: Math.max(...sources.map(({ changed }) => changed)),
    folders: [...new Set(sources.flatMap(({ folders }) => folders))],
  };
}

/**
 * Why clients do not accept the certificate, whatever its names are; null if nothing is found. The issuer need not be known: it
 * may be a private authority.
 */
function problemOf(leaf: X509Certificate | null, count: number, key: string, { now }: Facts): string | null {
  if (leaf === null) return count === 0 ? 'there is no certificate in its file' : `${key} is not its private key`;
  const [from, to] = [leaf.validFrom, leaf.validTo].map((date) => Date.parse(date) / 1000) as [number, number];
  const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);
  if (now >= to) return `it expired on ${day(to)}`;
  if (now < from) return `it is not valid before ${day(from)}`;
  if (leaf.issuer === leaf.subject) return 'it is self-signed';
  if (!leaf.subjectAltName?.includes('DNS:'))
    return 'it has no DNS name (subject alternative name), and clients look at nothing else';
  if (leaf.issuer.includes('(STAGING)')) return 'no client trusts the staging server that issued it';
  return null;
}

function publicHalf(leaf: X509Certificate): string {
  return leaf.publicKey.export({ type: 'spki', format: 'pem' }).toString().trim();
}
