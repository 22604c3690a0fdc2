import type { KeyType, Profile, Replaceable, Service } from './words.ts';

/** Names with a certificate of their own, which is shown to who asks for one of them (SNI, RFC 6066). */
export interface Sni {
  /** certbot keeps the certificate under the first of them. */
  readonly names: readonly string[];
  /** The admin's own certificate, paths on the host; both or neither. */
  readonly cert?: string;
  readonly key?: string;
}

/** One mail server, as flags, environment and inventory describe it. */
export interface Host {
  /** What the user calls it: the key in the inventory, or the value of --host. */
  readonly name: string;
  /** What to connect to, as `ssh` would take it: a name, an address or an alias. */
  readonly hostname: string;
  readonly port?: number;
  readonly user?: string;
  /** Path of a private key on the control machine. */
  readonly identity?: string;
  /** The mail domain name of the certificate. Default: what the host's own Postfix calls itself. */
  readonly domain?: string;
  /** Further names for the certificate. */
  readonly domains?: readonly string[];
  /** Folder on the host that its web server serves for these names, for http-01. Default: found. */
  readonly webroot?: string;
  /** What certbot runs before and after it answers on port 80 itself, to free it. */
  readonly preHook?: string;
  readonly postHook?: string;
  readonly keyType?: KeyType;
  /** The admin's own certificate, paths on the host; both or neither. certbot has nothing to do then. */
  readonly cert?: string;
  readonly key?: string;
  /** Further names, each certificate of their own. Default: as it was last applied, else none. */
  readonly sni?: readonly Sni[];
  /** Contact address for the certificate authority. */
  readonly email?: string;
  /** Directory URL of the ACME server; default is certbot's own (Let's Encrypt). */
  readonly acmeServer?: string;
  /** It is the machine that this runs on. */
  readonly local?: true;
  /** Roots that vouch for the ACME server and for what it issues, PEM; an inventory names their file on this machine. */
  readonly acmeCa?: string;
  /** Default: what it was last applied with, else standard. */
  readonly profile?: Profile;
  /** Refuse mail that comes to 25 without TLS? Default: as it was last applied. */
  readonly requireTlsInbound?: boolean;
  /** Serve POP3? Default: as it was last applied, else yes. */
  readonly pop3?: boolean;
  /** What apply may replace although the administrator chose it and it works (--replace). Default: nothing. */
  readonly replace?: readonly Replaceable[];
  /** What it is to serve although it does not, and what it is not to. Default: what it serves. */
  readonly serve?: readonly Service[];
  readonly noServe?: readonly Service[];
  /** The groups of the inventory that it belongs to. */
  readonly groups?: readonly string[];
}
