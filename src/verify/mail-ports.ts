/** The ports that verify looks at. */
import { MAIL_PORTS, type MailProtocol } from '../model/index.ts';

export interface Port {
  readonly port: number;
  readonly protocol: MailProtocol;
  readonly tls: 'implicit' | 'starttls';
  /** An optional port may be closed: a closed port allows no login in the clear, which is what the check is about. */
  readonly optional?: true;
  /** The admin's own service: a failure that the recipe would fix elsewhere is only a warning here. */
  readonly own?: true;
}

/** Users need no port that begins in the clear, so these may be closed; 25 is for other servers. */
const optionalOf = (one: Port): Port => (one.port !== 25 && one.tls === 'starttls' ? { ...one, optional: true } : one);

/** The ports of an audit. A port that does not answer gives no finding: an MX need not be a mail store too. */
export const AUDIT_PORTS: readonly Port[] = MAIL_PORTS.map(optionalOf);

/** 587 is not part of the standard recipe. The caller says what it is on this host: see `Wanted` in verify.ts. */
export const SUBMISSION: Port = MAIL_PORTS.find(({ port }) => port === 587)!;

export const PORTS: readonly Port[] = AUDIT_PORTS.filter(({ port }) => port !== SUBMISSION.port);
