/** One check of `verify`: what it proves, which tasks fix it, when its loss undoes an apply, and its weight in an audit. */
import { MAIL_PORTS, type Profile, type Severity, type TaskName } from '../../model/index.ts';
import type { NoteFinding, TalkInClear, TalkInside } from '../talk.ts';

type Asked = 'end' | void;

export interface Check {
  readonly id: string;
  readonly ports: readonly number[];
  /** Asks before TLS, on each of the ports that begin in the clear. */
  readonly asksInClear?: (talk: TalkInClear, note: NoteFinding) => Promise<void>;
  /**
   * Asks inside TLS, in the order of the list of checks: after `login` as the user. `end` ends the conversation, and the checks
   * after this one do not ask. A check without these two is noted by the steps of the conversation, or by another module.
   */
  readonly asksInside?: (talk: TalkInside, note: NoteFinding) => Asked | Promise<Asked>;
  /** A failure on a service that is the administrator's own is only a warning. */
  readonly warnsOnOwn?: true;
  /** One sentence for docs/checks.md. */
  readonly proves: string;
  /** The tests of the recipe that the check carries out, quoted; empty where the check proves the purpose of the recipe's settings. */
  readonly recipe: readonly string[];
  /** The tasks that fix a failure on a port of this service; empty: no task does. */
  readonly fixedBy: (service: TaskName) => readonly TaskName[];
  /** A warning undoes an apply too if the check passed before it. */
  readonly warningUndoes?: true;
  /** A failure undoes an apply also if nobody could log in before it: the configuration that admits the user is unusable. */
  readonly undoesWithoutLogin?: true;
  /** An audit asks a stricter question of its own in place of this check. */
  readonly auditAsks?: true;
  readonly weight: CheckWeight;
}

/** The weight of a failure in an audit. */
export interface CheckWeight {
  readonly severity: Severity;
  /** The document that requires it. */
  readonly source: string;
  /** The profile whose apply fixes it; null: none does. */
  readonly profile: Profile | null;
  /** Settings to look at. */
  readonly postfix: readonly string[];
  readonly dovecot: readonly string[];
}

export const ALL_PORTS = MAIL_PORTS.map(({ port }) => port);

export const POSTFIX_CERTIFICATE = ['smtpd_tls_cert_file', 'smtpd_tls_chain_files'];
export const DOVECOT_CERTIFICATE = ['ssl_cert', 'ssl_server_cert_file'];

/** Most checks are about the certificate, or about the port that serves it. */
export const byCertificate = (service: TaskName): readonly TaskName[] => ['certbot', service, 'restart'];
