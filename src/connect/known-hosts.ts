/**
 * known_hosts as OpenSSH reads it (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"; hostfile.c, match.c): plain and hashed names,
 * `[host]:port`, wildcards, negation, @revoked. Pure functions: text in, verdict out.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { matchesTokens, simpleTokens } from '../formats/text/wildcards.ts';

export interface KnownHost {
  readonly file: string;
  readonly line: number;
  readonly marker: 'none' | 'revoked' | 'ca';
  /** The first field as written: patterns separated by commas, or one hashed name. */
  readonly hosts: string;
  readonly type: string;
  /** The public key in SSH wire format. */
  readonly key: Buffer;
}

export type HostKeyVerdict =
  | { readonly kind: 'known' }
  /** `authority`: the host is known only by a host certificate's authority. */
  | { readonly kind: 'unknown'; readonly authority: KnownHost | undefined }
  | { readonly kind: 'changed' | 'revoked'; readonly entry: KnownHost };

const MARKERS: Readonly<Record<string, KnownHost['marker']>> = { '@revoked': 'revoked', '@cert-authority': 'ca' };

/** The valid lines of one file, in order. A line that OpenSSH cannot read is skipped, as OpenSSH does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split('\n').flatMap((raw, index) => {
    const words = raw.split(/[ \t\r]+/).filter((word) => word !== '');
    const marked = words[0]?.startsWith('@') === true;
    const marker = marked ? MARKERS[words[0] ?? ''] : 'none';
    const [hosts, type, base64] = marked ? words.slice(1) : words;
    if (marker === undefined || hosts === undefined || hosts.startsWith('#')) return [];
    const key = type === undefined || base64 === undefined ? undefined : decodeKey(type, base64);
    return type === undefined || key === undefined ? [] : [{ file, line: index + 1, marker, hosts, type, key }];
  });
}

/** Finds the entries for a name, in their order: a plain name by an index, so that a fleet does not compare each host with each line. */
export function finder(entries: readonly KnownHost[]): (name: string) => KnownHost[] {
  const plain = new Map<string, number[]>();
  const others: number[] = [];
  for (const [at, { hosts }] of entries.entries()) {
    if (/[*?!|]/.test(hosts)) others.push(at);
    else for (const name of hosts.toLowerCase().split(',')) plain.set(name, [...(plain.get(name) ?? []), at]);
  }
  return (name) => {
    const found = [...(plain.get(name) ?? []), ...others.filter((at) => matchesHost(entries[at]!.hosts, name))];
    return [...new Set(found)].sort((a, b) => a - b).map((at) => entries[at]!);
  };
}

/** How many fields a key of this type has in wire format. OpenSSH ignores a line with any other type. */
const FIELDS: Readonly<Record<string, number>> = {
  'ssh-ed25519': 2,
  'ssh-rsa': 3,
  'ssh-dss': 5,
  'ecdsa-sha2-nistp256': 3,
  'ecdsa-sha2-nistp384': 3,
  'ecdsa-sha2-nistp521': 3,
  'sk-ssh-ed25519@openssh.com': 3,
  'sk-ecdsa-sha2-nistp256@openssh.com': 4,
};

/** The key; undefined unless the base64 is complete and the key inside is of the given type, to its last byte. */
export function decodeKey(type: string, base64: string): Buffer | undefined {
  const key = Buffer.from(base64, 'base64');
  const intact = key.toString('base64') === base64 && keyType(key) === type && countFields(key) === FIELDS[type];
  return intact ? key : undefined;
}

/** Counts fields, each preceded by its length in four bytes; undefined if the lengths do not add up. */
function countFields(key: Buffer): number | undefined {
  let [count, at] = [0, 0];
  for (; at + 4 <= key.length; count += 1) at += 4 + key.readUInt32BE(at);
  return at === key.length ? count : undefined;
}

/** The algorithm name at the start of a public key in wire format; empty if there is none. */
export function keyType(key: Buffer): string {
  const length = key.length < 4 ? 0 : key.readUInt32BE(0);
  return length < key.length - 4 ? key.toString('latin1', 4, 4 + length) : '';
}

/** `SHA256:…`, as ssh and ssh-keygen print it. */
export function keyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** Type and fingerprint, for messages. */
export function describeKey(key: Buffer): string {
  return `${keyType(key)} ${keyFingerprint(key)}`;
}

/** A host's name in known_hosts: the bare name for port 22, `[name]:port` otherwise. */
export function hostEntry(name: string, port: number): string {
  return port === 22 ? name.toLowerCase() : `[${name.toLowerCase()}]:${port}`;
}

/**
 * The verdict of the entries on a host that shows this key. As in OpenSSH, a host on another port that is not listed with
 * its port may be known by its bare name.
 * @param name the name that the user connects to, or HostKeyAlias
 */
export function judgeHostKey(entries: readonly KnownHost[], name: string, port: number, key: Buffer): HostKeyVerdict {
  const here = entries.filter((entry) => matchesHost(entry.hosts, hostEntry(name, port)));
  const verdict = judgeKey(here, key);
  if (verdict.kind !== 'unknown' || port === 22) return verdict;
  const bare = judgeKey(
    entries.filter((entry) => matchesHost(entry.hosts, name.toLowerCase())),
    key,
  );
  return bare.kind === 'known' || bare.kind === 'revoked' ? bare : verdict;
}

function judgeKey(entries: readonly KnownHost[], key: Buffer): HostKeyVerdict {
  const revoked = revoking(entries, key);
  if (revoked !== undefined) return { kind: 'revoked', entry: revoked };
  const plain = entries.filter((entry) => entry.marker === 'none');
  if (plain.some((entry) => entry.key.equals(key))) return { kind: 'known' };
  // Report the entry of the same type: the admin must check that one.
  const other = plain.find((entry) => entry.type === keyType(key)) ?? plain[0];
  if (other !== undefined) return { kind: 'changed', entry: other };
  return { kind: 'unknown', authority: entries.find((entry) => entry.marker === 'ca') };
}

/** The key types by which a host is known, to ask it for those first; as in OpenSSH, types with a revoked key are left out. */
export function knownTypes(entries: readonly KnownHost[], name: string, port: number): string[] {
  const wanted = hostEntry(name, port);
  const here = entries.filter((entry) => matchesHost(entry.hosts, wanted));
  const plain = here.filter(({ marker }) => marker === 'none');
  const firsts = plain.filter(({ type }, at) => plain.findIndex((entry) => entry.type === type) === at);
  return firsts.filter(({ key }) => revoking(here, key) === undefined).map(({ type }) => type);
}

function revoking(entries: readonly KnownHost[], key: Buffer): KnownHost | undefined {
  return entries.find((entry) => entry.marker === 'revoked' && entry.key.equals(key));
}

/** Does the first field of a line match this name? A negated pattern that matches always refuses. */
export function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHashed(hosts, name);
  const fits = (pattern: string): boolean => matchesTokens(simpleTokens(pattern.replace(/^!/, '').toLowerCase()), name);
  const fitting = hosts.split(',').filter(fits);
  return fitting.length > 0 && !fitting.some((pattern) => pattern.startsWith('!'));
}

/** `|1|SALT|HMAC-SHA1(SALT, NAME)`, both base64, and nothing else. */
function matchesHashed(hosts: string, name: string): boolean {
  const salt = Buffer.from(hosts.split('|')[2] ?? '', 'base64');
  return salt.length === SALT_LENGTH && hosts === hashed(name, salt);
}

const SALT_LENGTH = 20;

function hashed(name: string, salt: Buffer): string {
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

/** A line for a new host, with a newline at its end. */
export function knownHostLine(name: string, port: number, key: Buffer, hash: boolean): string {
  const entry = hostEntry(name, port);
  const hosts = hash ? hashed(entry, randomBytes(SALT_LENGTH)) : entry;
  return `${hosts} ${keyType(key)} ${key.toString('base64')}\n`;
}
