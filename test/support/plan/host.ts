/** A Debian 12 mail host as `gather` would describe it, and what a case changes of it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Bytes, Facts, Lineage, Policy, RemoteFile, Snapshot } from '../../../src/model/index.ts';

export const CASES = new URL('../../cases/', import.meta.url);

/** Seconds since the epoch: the host's clock, the daemons' last load before that, and its files' last change before that. */
const NOW = 1_800_000_000;
const LOADED = NOW - 3600;
const CHANGED = NOW - 7200;

const STOCK: Omit<Facts, 'lineages' | 'takenNames'> = {
  busy: '',
  unfinished: [],
  now: NOW,
  os: { id: 'debian', versionId: '12', codename: 'bookworm', pretty: 'Debian GNU/Linux 12 (bookworm)' },
  hostname: 'mx1.example.test',
  packages: {
    postfix: { version: '3.7.11-0+deb12u1', status: 'installed' },
    'dovecot-core': { version: '1:2.3.19.1+dfsg1-2.1+deb12u1', status: 'installed' },
    'dovecot-imapd': { version: '1:2.3.19.1+dfsg1-2.1+deb12u1', status: 'installed' },
    'dovecot-pop3d': { version: '1:2.3.19.1+dfsg1-2.1+deb12u1', status: 'installed' },
    certbot: { version: '2.1.0-4', status: 'installed' },
  },
  candidates: {},
  removes: [],
  postfix: '3.7.11',
  dovecot: '2.3.19.1',
  maps: 'btree cidr environ fail hash inline internal memcache nis proxy regexp sdbm static tcp texthash unix'.split(
    ' ',
  ),
  postconf: { myhostname: 'mx1.example.test', queue_directory: '/var/spool/postfix' },
  resolves: ['submissions', 'ssmtp', 'smtps', 'urd', 'submission'],
  listeners: [
    { address: '0.0.0.0', port: 25, process: 'master' },
    { address: '0.0.0.0', port: 143, process: 'dovecot' },
    { address: '0.0.0.0', port: 110, process: 'dovecot' },
  ],
  timer: { active: true, enabled: true },
  units: { postfix: { active: true, loaded: LOADED }, dovecot: { active: true, loaded: LOADED } },
  masked: [],
};

/** What certbot keeps: a file of test/cases/certificates; its key is there, and it is certbot's own, unless said. */
export type Certificates = Readonly<
  Record<
    string,
    { readonly certificate: string; readonly key?: boolean; readonly own?: boolean; readonly authenticator?: string }
  >
>;

/** What a case says of its host: see test/cases/README.md. */
export interface Description extends Partial<Omit<Facts, 'lineages' | 'takenNames'>> {
  /** Names that are taken beside those of the certificates. */
  readonly taken?: readonly string[];
  readonly policy?: Partial<Policy>;
  readonly certificates?: Readonly<Record<string, Certificates[string] | null>>;
  readonly files?: Readonly<Record<string, Partial<RemoteFile>>>;
}

/** The host with these files on it. `description` is laid over the stock host; `null` takes a member away (RFC 7396). */
export function host(
  files: Readonly<Record<string, Bytes>>,
  description: Description = {},
): { snapshot: Snapshot; policy: Policy } {
  const standard = {
    ...STOCK,
    policy: { profile: 'standard', domain: 'mx1.example.test' },
    certificates: { 'mx1.example.test': { certificate: 'mx1' } },
    files: {},
    taken: [],
  };
  const {
    taken,
    policy,
    certificates,
    files: stats,
    ...facts
  } = patch(standard, description) as typeof STOCK & {
    policy: Omit<Policy, 'domains'> & Partial<Policy>;
    certificates: Certificates;
    taken: readonly string[];
    files: NonNullable<Description['files']>;
  };
  const lineages = Object.entries(certificates).map(
    ([name, { certificate, key = true, own = true, authenticator = 'standalone' }]): Lineage => {
      return {
        name,
        chain: readFileSync(new URL(`certificates/${certificate}.pem`, CASES), 'latin1'),
        key,
        authenticator: own ? authenticator : null,
      };
    },
  );
  const chains = lineages.map(({ name, chain }) => [`/etc/letsencrypt/live/${name}/fullchain.pem`, chain] as const);
  const all = Object.entries<Bytes>({ ...Object.fromEntries(chains), ...files });
  const read = all.map(([path, bytes]) => [path, { ...remoteFile(path, bytes), ...stats[path] }]);
  return {
    snapshot: {
      facts: { ...facts, lineages, takenNames: [...lineages.map(({ name }) => name), ...taken] },
      files: Object.fromEntries(read),
    },
    policy: { ...policy, domains: policy.domains ?? [policy.domain] },
  };
}

export function remoteFile(path: string, bytes: Bytes): RemoteFile {
  const sha256 = createHash('sha256').update(bytes, 'latin1').digest('hex');
  return { path, target: path, bytes, sha256, mode: '0644', owner: 'root:root', changed: CHANGED };
}

function patch(base: unknown, over: unknown): unknown {
  if (!isObject(over)) return over;
  const result: Record<string, unknown> = isObject(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(over)) {
    if (value === null) delete result[key];
    else result[key] = patch(result[key], value);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
