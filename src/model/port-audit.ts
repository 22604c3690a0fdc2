import type { MailProtocol, Profile } from './words.ts';

/** What an audit says beside a probe's result. */
export interface Weight {
  readonly severity: Severity;
  /** The document that says so: an RFC, a CVE, … */
  readonly source: string;
  /** The profile whose apply mends it; null where none does. */
  readonly profile: Profile | null;
  /** Settings to look at, of the daemon behind this port. */
  readonly settings: readonly string[];
}

/** `low` warns, `medium` and `high` fail. */
export const SEVERITIES = ['ok', 'info', 'low', 'medium', 'high'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What an audit found on one port: everything that was tried, and came about. */
export interface PortAudit {
  readonly port: number;
  readonly protocol: MailProtocol;
  /** False where nobody answers; then all else is empty, and `why` says how it was refused. */
  readonly answers: boolean;
  /** Why not all could be asked; empty where it could. */
  readonly why: string;
  readonly greeting: string;
  /** In the server's words. */
  readonly capabilities: { readonly clear: readonly string[]; readonly inside: readonly string[] };
  /** Oldest first; suites by IANA's names, in the order in which the server chose them. */
  readonly versions: readonly {
    readonly version: string;
    readonly suites: readonly string[];
    readonly order: 'server' | 'client' | null;
  }[];
  /** Named groups, and primes as `dh 2048`. */
  readonly groups: readonly string[];
  /** Every chain that was served, as it was served. */
  readonly chains: readonly (readonly CertificateSeen[])[];
  readonly connections: number;
  readonly seconds: number;
}

export interface CertificateSeen {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  /** `RSA 2048`, `EC prime256v1`, … */
  readonly key: string;
  /** `sha256WithRSAEncryption`, … */
  readonly signature: string;
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  /** SHA-256, hex with colons. */
  readonly fingerprint: string;
}
