import type { MailProtocol, Profile } from './words.ts';

/** The audit's judgement, in addition to a probe's result. */
export interface Weight {
  readonly severity: Severity;
  /** The source document: an RFC, a CVE, … */
  readonly source: string;
  /** The profile whose apply fixes it; null if none does. */
  readonly profile: Profile | null;
  /** Settings to check, of the daemon behind this port. */
  readonly settings: readonly string[];
}

/** `low` warns, `medium` and `high` fail. */
export const SEVERITIES = ['ok', 'info', 'low', 'medium', 'high'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The result of an audit of one port: everything that was tried, and its outcome. */
export interface PortAudit {
  readonly port: number;
  readonly protocol: MailProtocol;
  /** False if the port does not answer; then all other fields are empty, and `why` is the reason. */
  readonly answers: boolean;
  /** Why the audit is incomplete; empty if it is complete. */
  readonly why: string;
  readonly greeting: string;
  /** As the server lists them. */
  readonly capabilities: { readonly clear: readonly string[]; readonly inside: readonly string[] };
  /** Oldest first; suites by IANA's names, in the order in which the server chose them. */
  readonly versions: readonly {
    readonly version: string;
    readonly suites: readonly string[];
    readonly order: 'server' | 'client' | null;
  }[];
  /** Named groups, and primes as `dh 2048`. */
  readonly groups: readonly string[];
  /** Every chain that the server sent, unchanged. */
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
