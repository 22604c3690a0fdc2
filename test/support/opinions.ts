/** The second opinion on what a server does: openssl and swaks, which share nothing with our own client. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { runProgram } from '../../src/lab/programs.ts';
import { scratch } from './cli.ts';
import type { Peer } from './talk.ts';

export interface Opinion {
  readonly code: number;
  /** What the program said, on both outputs. */
  readonly text: string;
}

/**
 * `openssl s_client`, strict about the certificate. Each line of `input` is sent when the server has had its say: Postfix
 * from 3.9 on hangs up on a client that speaks before. `options` are its own.
 */
export async function openssl(peer: Peer, input: readonly string[], ...options: string[]): Promise<Opinion> {
  const { address, port, name } = peer;
  const args = [
    ...['s_client', '-connect', `${address}:${port}`, '-servername', name, '-CAfile', rootFile(peer)],
    ...['-verify_return_error', '-verify_hostname', name, '-crlf', '-ign_eof', '-nocommands', '-showcerts'],
  ];
  const child = spawn('openssl', [...args, ...options], { stdio: 'pipe' });
  let [text, seen] = ['', 0];
  const left = [...input];
  // With STARTTLS the greeting came before openssl reports the handshake.
  let ready = options.includes('-starttls') ? /^ *Verify return code/m : /^(220 |\+OK|\* OK)/m;
  child.stdout.setEncoding('latin1').on('data', (words: string) => {
    text += words;
    if (left.length === 0 || !ready.test(text.slice(seen))) return;
    [seen, ready] = [text.length, /^(\d{3} |\+OK|a OK)/m];
    child.stdin.write(`${left.shift()}\n`);
  });
  let errors = '';
  child.stderr.setEncoding('latin1').on('data', (words: string) => (errors += words));
  child.stdin.on('error', () => {}); // it has hung up: the text tells why
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 255, text: `${text}\n${errors}` };
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

async function opinion(program: string, args: readonly string[]): Promise<Opinion> {
  const { code, stdout, stderr } = await runProgram(program, args);
  return { code, text: `${stdout.toString('latin1')}\n${stderr.toString('latin1')}` };
}

const files = new Map<string, string>();

function rootFile({ root }: Peer): string {
  const known = files.get(root) ?? scratch('root.pem', root);
  files.set(root, known);
  return known;
}
