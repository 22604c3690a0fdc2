import type { KeyType } from './words.ts';

/**
 * How to request a certificate from an authority: one value from the option, or the inventory, to certbot's arguments. It is the
 * same for all certificates of a host. A setting that is absent is certbot's default.
 */
export interface CertificateRequest {
  /** Folder on the host from which its web server serves the names, for http-01. Default: detected. */
  readonly webroot?: string;
  /** Commands that certbot runs before and after it answers on port 80 itself, to free the port. */
  readonly preHook?: string;
  readonly postHook?: string;
  readonly keyType?: KeyType;
  /** Contact address for the authority. */
  readonly email?: string;
  /** Directory URL of the ACME server. */
  readonly acmeServer?: string;
  /**
   * CA certificates to trust for the ACME server and for the certificates it issues, PEM. An inventory and a flag name their file
   * on the control machine.
   */
  readonly acmeCa?: string;
}

/** The settings as an inventory names them; the option for `acmeServer` is `--acme-server`. */
export const REQUEST_SETTINGS = Object.keys({
  webroot: true,
  preHook: true,
  postHook: true,
  keyType: true,
  email: true,
  acmeServer: true,
  acmeCa: true,
} satisfies Record<keyof CertificateRequest, true>) as readonly (keyof CertificateRequest)[];
