/** Every check of `verify`, in the order of a report. */
import type { Finding } from '../../model/index.ts';
import type { Check } from './check-record.ts';
import { answersCheck } from './answers.ts';
import { noPlainLoginCheck } from './no-plain-login.ts';
import { starttlsCheck } from './starttls.ts';
import { tlsCheck } from './tls.ts';
import { certificateServedCheck } from './certificate-served.ts';
import { certificateNameCheck } from './certificate-name.ts';
import { certificateValidityCheck } from './certificate-validity.ts';
import { certificateTrustCheck } from './certificate-trust.ts';
import { sniCheck } from './sni.ts';
import { authCheck } from './auth.ts';
import { authLegacyCheck } from './auth-legacy.ts';
import { relayCheck } from './relay.ts';
import { deliveryCheck } from './delivery.ts';
import { loginCheck } from './login.ts';
import { mailboxCheck } from './mailbox.ts';
import { maildropCheck } from './maildrop.ts';
import { sendCheck } from './send.ts';
import { revocationCheck } from './revocation.ts';
import { tlsaCheck } from './tlsa.ts';
import { caaCheck } from './caa.ts';

export const CHECKS = [
  answersCheck,
  noPlainLoginCheck,
  starttlsCheck,
  tlsCheck,
  certificateServedCheck,
  certificateNameCheck,
  certificateValidityCheck,
  certificateTrustCheck,
  sniCheck,
  authCheck,
  authLegacyCheck,
  relayCheck,
  deliveryCheck,
  loginCheck,
  mailboxCheck,
  maildropCheck,
  sendCheck,
  revocationCheck,
  tlsaCheck,
  caaCheck,
] as const;

export type CheckId = (typeof CHECKS)[number]['id'];

/** Notes what a check saw on the port of the conversation. */
export type NoteCheck = (check: CheckId, status: Finding['status'], text: string) => void;

/** The checks of a port, in the order of the list. */
export function checksOn(port: number): readonly (Check & { readonly id: CheckId })[] {
  const all: readonly (Check & { readonly id: CheckId })[] = CHECKS;
  return all.filter(({ ports }) => ports.includes(port));
}

/** The check of a finding; undefined for a rule of the audit. */
export function checkOf({ check }: Pick<Finding, 'check'>): Check | undefined {
  return CHECKS.find(({ id }) => id === check);
}
