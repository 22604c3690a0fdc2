/** The Transport of `--local`: the mail host is this machine, and its shell a child process. */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { HardenMailError } from '../model/errors.ts';
import type { Channel, End, Transport } from './transport.ts';

export interface LocalOptions {
  /** For messages. */
  readonly label: string;
  /** Where the machine's own daemons are looked at. */
  readonly address: string;
  /** Ends what is under way, for us: the script goes on by itself, as it does when a connection is lost. */
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
 * What sshd would give it: an environment of its own (NODE_OPTIONS and the like are ours), and a session of its own, so that
 * Ctrl-C is for us and does not stop a script in the middle.
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
  ended.catch(() => {}); // Whoever waits for it gets it; nobody may be waiting yet.
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, close };
}

function noShell(label: string, error: Error): HardenMailError {
  const what = `${label}: /bin/sh cannot be started: ${error.message}`;
  return new HardenMailError('REMOTE_FAILED', what, 'Look at the load and the memory of this machine, and run again.');
}
