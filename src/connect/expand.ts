import { hostname as localHostname, userInfo } from 'node:os';

/** Values for the tokens of ssh_config(5). */
export interface Tokens {
  /** Name as given on the command line, resolved name, port, remote user. */
  readonly original: string;
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias?: string;
}

/**
 * Expands `~`, `${VARIABLE}` and the percent tokens in a file name, as ssh does for IdentityFile, IdentityAgent and
 * UserKnownHostsFile (ssh_config(5), TOKENS). As in ssh, the home folder is the one of the password file, not $HOME.
 */
export function expandTokens(path: string, tokens: Tokens): string {
  const me = userInfo();
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    d: me.homedir,
    h: tokens.hostname,
    i: String(me.uid),
    k: tokens.hostKeyAlias ?? tokens.original,
    L: localHostname().split('.')[0] ?? '',
    l: localHostname(),
    n: tokens.original,
    p: String(tokens.port),
    r: tokens.user,
    u: me.username,
  };
  return path
    .replace(/^~(?=\/|$)/, me.homedir)
    .replace(/\$\{(\w+)\}/g, (whole, name: string) => process.env[name] ?? whole)
    .replace(/%(.)/g, (whole, letter: string) => values[letter] ?? whole);
}
