import type { RemoteCommand } from '../model/index.ts';

export interface ConnectOptions {
  /** Accept the key of a host that is not known yet, and add it to known_hosts. A changed key is still refused. */
  readonly acceptNewHostKeys: boolean;
  /** known_hosts files that replace the configured ones; a new key is added to the first. */
  readonly knownHosts?: readonly string[];
  /** Configuration file as for `ssh -F`; `none` for no configuration. */
  readonly sshConfig?: string;
  /** Jump hosts, as for `ssh -J`. */
  readonly jump?: string;
  /** A login of its own, although ssh keeps a connection open: proves that the host can still be reached. */
  readonly isFresh?: boolean;
  /** Seconds for each step of connecting; default: ConnectTimeout of the configuration, else 15. */
  readonly connectTimeout?: number;
  /** Asks the user; absent if no user can be asked. */
  readonly prompt?: (text: string, about: { readonly secret: boolean; readonly host: string }) => Promise<string>;
  /** Asks for the sudo password; absent if no user can be asked. */
  readonly becomePassword?: () => Promise<string>;
  readonly debug?: (line: string) => void;
  /** Called with the host's address, if there is no jump host; before host key and login are checked. */
  readonly onAddress?: (address: string) => void;
  /** Called after each step of connecting. */
  readonly onStep?: (step: string, text: string) => void;
  /** Called for each script that ran on the host. */
  readonly onCommand?: (command: RemoteCommand) => void;
  /** Aborts connecting, or closes the connection. */
  readonly signal?: AbortSignal;
}
