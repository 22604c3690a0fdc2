/** The Transport of `--local`: the mail host is this machine, and the shell is a child process. */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { HardenMailError } from '../model/errors.ts';
import type { Channel, End, Transport } from './transport.ts';

export interface LocalOptions {
  /** For messages. */
  readonly label: string;
  /** The address for probes of the machine's own daemons. */
  readonly address: string;
  /** Stops waiting, but not the script: it continues, as after a lost connection. */
  readonly signal?: AbortSignal;
}

export function localTransport({ label, address, signal }: LocalOptions): Transport {
  const { username: user, homedir } = userInfo();
  return {
    label,
    address,
    user,
    exec: (command) => Promise.resolve(start(command, { HOME: homedir, USER: user, LOGNAME: user }, label, signal)),
    forward: (host, port) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host, port, noDelay: true });
        socket.once('error', reject);
        socket.once('connect', () => resolve(socket.off('error', reject)));
      }),
    close: () => Promise.resolve(),
  };
}

/**
 * Starts the shell as sshd would: with its own environment (without NODE_OPTIONS and the like of this process), and in its own
 * session, so that Ctrl-C reaches only this process and does not stop a script in the middle.
 */
function start(command: string, own: NodeJS.ProcessEnv, label: string, signal?: AbortSignal): Channel {
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...own };
  const child = spawn('/bin/sh', ['-c', command], { env, cwd: '/', stdio: 'pipe', detached: true });
  const close = (): void => {
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    child.unref();
  };
  const ended = new Promise<End>((resolve, reject) => {
    const cut = (): void => {
      close();
      reject(new HardenMailError('INTERRUPTED', `${label}: interrupted`, 'Run the command again.'));
    };
    child.once('error', (error) => reject(noShell(label, error)));
    child.once('close', (code, by) => {
      signal?.removeEventListener('abort', cut);
      resolve(code === null ? { signal: by ?? 'a signal' } : { code });
    });
    signal?.addEventListener('abort', cut, { once: true });
    if (signal?.aborted) cut();
  });
  ended.catch(() => {}); // No unhandled rejection while no caller waits yet.
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, close };
}

function noShell(label: string, error: Error): HardenMailError {
  const what = `${label}: /bin/sh cannot be started: ${error.message}`;
  return new HardenMailError(
    'REMOTE_FAILED',
    what,
    'Check the load and the memory of this machine, then run the command again.',
  );
}
