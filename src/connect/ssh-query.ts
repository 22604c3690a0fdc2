/** The user's options; each overrides the configuration. */
export interface SshQuery {
  readonly hostname: string;
  readonly port?: number;
  readonly user?: string;
  readonly identity?: string;
  /** As for `ssh -J`. */
  readonly jump?: string;
  /** Configuration file as for `ssh -F`; `none` for no configuration. */
  readonly file?: string;
}
