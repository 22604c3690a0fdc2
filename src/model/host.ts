import type { CertificateRequest } from './certificate-request.ts';
import type { Profile, Replaceable, Service } from './words.ts';

/** Names with a certificate of their own, which is served to clients that ask for one of these names (SNI, RFC 6066). */
export interface Sni {
  /** certbot keeps the certificate under the first name. */
  readonly names: readonly string[];
  /** The admin's own certificate: paths on the host; both or neither. */
  readonly cert?: string;
  readonly key?: string;
}

/** One mail server, as flags, environment and inventory describe it. */
export interface Host {
  /** The user's name for the host: the key in the inventory, or the value of --host. */
  readonly name: string;
  /** The address to connect to, as `ssh` takes it: a name, an address or an alias. */
  readonly hostname: string;
  readonly port?: number;
  readonly user?: string;
  /** Path of a private key on the control machine. */
  readonly identity?: string;
  /** The mail domain name of the certificate. Default: the host's own Postfix `myhostname`. */
  readonly domain?: string;
  /** Additional names for the certificate. */
  readonly domains?: readonly string[];
  /** Absent: every setting has its default. */
  readonly request?: CertificateRequest;
  /** The admin's own certificate: paths on the host; both or neither. certbot is not needed then. */
  readonly cert?: string;
  readonly key?: string;
  /** Additional names, each with its own certificate. Default: the value of the last apply, else none. */
  readonly sni?: readonly Sni[];
  /** The host is the machine that this program runs on. */
  readonly local?: true;
  /** Default: the profile of the last apply, else standard. */
  readonly profile?: Profile;
  /** Refuse mail that arrives on port 25 without TLS? Default: the value of the last apply. */
  readonly requireTlsInbound?: boolean;
  /** Serve POP3? Default: the value of the last apply, else yes. */
  readonly pop3?: boolean;
  /** Choices of the administrator that apply may replace although they work (--replace). Default: none. */
  readonly replace?: readonly Replaceable[];
  /** Treat a system that is built on Debian or Ubuntu as the release that it is built on. Default: no. */
  readonly assumeOs?: boolean;
  /** Services to add although the host does not serve them, and services to stop. Default: no change. */
  readonly serve?: readonly Service[];
  readonly noServe?: readonly Service[];
  /** The inventory's groups that the host belongs to. */
  readonly groups?: readonly string[];
}
