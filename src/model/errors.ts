/**
 * The closed set of what can go wrong. Each error says what is wrong (message), what to do about it (hint), and which
 * exit code the command ends with. Anything else that is thrown is a bug and is shown as one.
 */

import type { Replaceable } from './index.ts';

/** Exit codes, as docs/exit-codes.md promises them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  pending: 2,
  usage: 3,
  unreachable: 4,
  verification: 5,
  rollbackIncomplete: 6,
  interrupted: 130,
} as const;

export const CODES = {
  // usage and inventory
  USAGE: EXIT.usage,
  INVENTORY_INVALID: EXIT.usage,
  NOT_CONFIRMABLE: EXIT.usage,
  // on the way to the host
  HOST_UNKNOWN: EXIT.unreachable,
  CONNECTION_REFUSED: EXIT.unreachable,
  CONNECTION_TIMEOUT: EXIT.unreachable,
  CONNECTION_LOST: EXIT.unreachable,
  HOST_KEY_UNKNOWN: EXIT.unreachable,
  HOST_KEY_CHANGED: EXIT.unreachable,
  HOST_KEY_REVOKED: EXIT.unreachable,
  AUTH_FAILED: EXIT.unreachable,
  KEY_UNUSABLE: EXIT.unreachable,
  // on the host
  NOT_ROOT: EXIT.failed,
  REMOTE_FAILED: EXIT.failed,
  UNSUPPORTED_OS: EXIT.failed,
  UNSUPPORTED_VERSION: EXIT.failed,
  APT_LOCKED: EXIT.failed,
  INSTALL_FAILED: EXIT.failed,
  CONFIG_INVALID: EXIT.failed,
  CONFIG_CONFLICT: EXIT.failed,
  WOULD_WEAKEN: EXIT.failed,
  DOMAIN_MISMATCH: EXIT.failed,
  PORT_BUSY: EXIT.failed,
  CONSENT_NEEDED: EXIT.failed,
  CERTIFICATE_FAILED: EXIT.failed,
  CERTIFICATE_UNUSABLE: EXIT.failed,
  LOCKED: EXIT.failed,
  CHANGED_SINCE_READ: EXIT.failed,
  COMMIT_REFUSED: EXIT.failed,
  STOPPED: EXIT.failed,
  // after it
  VERIFY_FAILED: EXIT.verification,
  ROLLED_BACK: EXIT.verification,
  ROLLBACK_INCOMPLETE: EXIT.rollbackIncomplete,
  INTERRUPTED: EXIT.interrupted,
} as const;

export type ErrorCode = keyof typeof CODES;

export class HardenMailError extends Error {
  override readonly name = 'HardenMailError';
  readonly code: ErrorCode;
  /** What to do next, one line. */
  readonly hint: string;
  readonly exit: number;
  /** Of CONSENT_NEEDED: the word of --replace that goes on. */
  readonly consent: Replaceable | undefined;
  /** Lines of a file that show the place: the source with a caret below. */
  readonly excerpt: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    hint: string,
    options?: { cause?: unknown; excerpt?: string; consent?: Replaceable },
  ) {
    super(message, options);
    this.code = code;
    this.hint = hint;
    this.exit = CODES[code];
    this.excerpt = options?.excerpt;
    this.consent = options?.consent;
  }
}

/** Of several hosts' exit codes the most severe: 130, then 6, 5, 1, 4, then 3, 2, 0. */
export function worstExit(exits: readonly number[]): number {
  const severity = [
    EXIT.interrupted,
    EXIT.rollbackIncomplete,
    EXIT.verification,
    EXIT.failed,
    EXIT.unreachable,
    EXIT.usage,
    EXIT.pending,
  ];
  return severity.find((code) => exits.includes(code)) ?? EXIT.ok;
}
