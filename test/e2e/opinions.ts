/** The second opinion on what a server does: openssl and swaks, which share nothing with our own client. */

import { run } from '../lab/sh.ts';
import { scratch } from './cli.ts';
import type { Peer } from './talk.ts';

export interface Opinion {
  readonly code: number;
  /** What the program said, on both outputs. */
  readonly text: string;
}

/** `openssl s_client`, strict about the certificate. Lines of `input` are sent as they are; `options` are its own. */
export async function openssl(peer: Peer, input: readonly string[], ...options: string[]): Promise<Opinion> {
  const { address, port, name } = peer;
  const args = [
    ...['s_client', '-connect', `${address}:${port}`, '-servername', name, '-CAfile', rootFile(peer)],
    ...['-verify_return_error', '-verify_hostname', name, '-crlf', '-ign_eof', '-nocommands', '-showcerts'],
  ];
  return opinion('openssl', [...args, ...options], input.map((line) => `${line}\n`).join(''));
}

/** A mail to `to`, by swaks, which is strict about the certificate too. `options` are its own. */
export async function swaks(peer: Peer, to: string, ...options: string[]): Promise<Opinion> {
  const { address, port, name } = peer;
  const tls = ['--tls-verify', '--tls-ca-path', rootFile(peer), '--tls-sni', name];
  return opinion('swaks', [
    ...['--server', address, '--port', `${port}`, '--helo', 'client.example', '--to', to],
    ...['--from', 'stranger@client.example', ...tls, ...options],
  ]);
}

async function opinion(program: string, args: readonly string[], input = ''): Promise<Opinion> {
  const { code, stdout, stderr } = await run(program, args, { input });
  return { code, text: `${stdout.toString('latin1')}\n${stderr.toString('latin1')}` };
}

const files = new Map<string, string>();

function rootFile({ root }: Peer): string {
  const known = files.get(root) ?? scratch('root.pem', root);
  files.set(root, known);
  return known;
}
