import type { RemoteCommand } from '../model.ts';

export interface ConnectOptions {
  /** Take the key of a host that is not known yet, and write it down. A changed key is refused all the same. */
  readonly acceptNewHostKeys: boolean;
  /** known_hosts files in place of the configured ones; a new key goes into the first. */
  readonly knownHosts?: readonly string[];
  /** Configuration file as `ssh -F` takes it; `none` for no configuration. */
  readonly sshConfig?: string;
  /** Hosts to go through, as `ssh -J` takes them. */
  readonly jump?: string;
  /** Seconds for each step of connecting; default is ConnectTimeout of the configuration, else 15. */
  readonly connectTimeout?: number;
  /** Asks the user; absent when nobody can be asked. */
  readonly prompt?: (text: string, about: { readonly secret: boolean; readonly host: string }) => Promise<string>;
  /** Asks for the password of sudo; absent when none can be asked. */
  readonly becomePassword?: () => Promise<string>;
  readonly debug?: (line: string) => void;
  /** Told where the host is reached without a jump host, before it is known whether it is the one, and lets us in. */
  readonly onAddress?: (address: string) => void;
  /** Told of each step of connecting once it is done. */
  readonly onStep?: (step: string, text: string) => void;
  /** Told of each script that was run on the host. */
  readonly onCommand?: (command: RemoteCommand) => void;
  /** Ends connecting, and the connection. */
  readonly signal?: AbortSignal;
}
