/** What an auditor makes of a port, in one shape for all of them, so that they can be laid beside each other. */
import { AUDIT_PORTS } from '../../src/verify/mail-ports.ts';
import type { Port } from '../../src/verify/mail-ports.ts';

export interface Place {
  readonly address: string;
  readonly name: string;
  readonly port: number;
  /** PEM of the root that issued the host's certificate. */
  readonly ca: string;
}

export interface Opinion {
  /** `version TLS 1.2`, `suite TLS 1.2 c02f`, `key RSA 2048`, `signature sha256WithRSAEncryption`, `certificate SHA-256`. */
  readonly items: readonly string[];
  readonly remarks: readonly Remark[];
  /** Its own word for the whole: nmap's least strength, the worst strength of sslscan. */
  readonly grade?: string;
}

export type Severity = 'WARN' | 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL' | 'FATAL';

export interface Remark {
  readonly severity: Severity;
  readonly id: string;
  readonly text: string;
}

export type Auditor = (place: Place) => Promise<Opinion>;

export function portOf(port: number): Port {
  const found = AUDIT_PORTS.find((one) => one.port === port);
  if (!found) throw new Error(`no port of mail: ${port}`);
  return found;
}

/** Ours from theirs: `TLSv1.2`, `SSLv3`. */
export const versionName = (theirs: string): string =>
  theirs
    .replace(/^SSLv3$/, 'SSL 3.0')
    .replace(/^TLSv1$/, 'TLSv1.0')
    .replace('TLSv', 'TLS ');

export const suiteItem = (version: string, id: number): string =>
  `suite ${versionName(version)} ${id.toString(16).padStart(4, '0')}`;

export const fingerprintItem = (hex: string): string => `certificate ${hex.replaceAll(':', '').toLowerCase()}`;

/** What kind of thing an item is: a tool that tells nothing of that kind is not asked about it. */
export const kindOf = (item: string): string => item.split(' ', 1)[0] ?? '';
