/**
 * The closed set of errors. Each error has a message (the problem), a hint (what to do about it) and the exit code of the
 * command. Any other thrown value is a bug and is shown as one.
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
  // on the path to the host
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
  LIMIT_EXCEEDED: EXIT.failed,
  CHANGED_SINCE_READ: EXIT.failed,
  COMMIT_REFUSED: EXIT.failed,
  STOPPED: EXIT.failed,
  // after the change
  VERIFY_FAILED: EXIT.verification,
  ROLLED_BACK: EXIT.verification,
  ROLLBACK_INCOMPLETE: EXIT.rollbackIncomplete,
  INTERRUPTED: EXIT.interrupted,
} as const;

export type ErrorCode = keyof typeof CODES;

export class HardenMailError extends Error {
  override readonly name = 'HardenMailError';
  readonly code: ErrorCode;
  /** The next step for the user, one line. */
  readonly hint: string;
  readonly exit: number;
  /** Only of CONSENT_NEEDED: the value of --replace that gives the consent. */
  readonly consent: Replaceable | undefined;
  /** Lines of a file that show the place: the source with a caret below it. */
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

/** The most severe of several hosts' exit codes: 130, then 6, 5, 1, 4, then 3, 2, 0. */
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
