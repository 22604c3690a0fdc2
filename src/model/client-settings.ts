import type { MailProtocol } from './words.ts';

/** How a mail client begins: TLS from the first byte, or STARTTLS. */
export const CLIENT_SECURITY = ['tls', 'starttls'] as const;
/** The user name that a client sends: the whole mail address, or the part before the @. */
export const LOGIN_NAMES = ['address', 'name'] as const;

/** A port on which users log in. */
export interface ClientService {
  readonly protocol: MailProtocol;
  readonly port: number;
  readonly security: (typeof CLIENT_SECURITY)[number];
}

/** The entries of a mail client's account for this host. */
export interface ClientSettings {
  /** The name of the server, which its certificate has. */
  readonly server: string;
  readonly login: (typeof LOGIN_NAMES)[number];
  /** The domains of the users' mail addresses. */
  readonly domains: readonly string[];
  /** By protocol; TLS from the first byte comes first. */
  readonly services: readonly ClientService[];
  /** Sentences without a full stop: what the host refuses although clients may have it set up. */
  readonly refused: readonly string[];
}
