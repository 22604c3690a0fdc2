/**
 * The user's own connection to a host, where ssh keeps one open for others (ControlMaster, ControlPath of ssh_config). Commands run in
 * sessions of it: no login, and every kind of login that ssh knows has been possible (certificates, security keys, ProxyCommand).
 *
 * Node cannot pass file descriptors, which ssh's protocol for this takes (PROTOCOL.mux of OpenSSH), so ssh itself is the client.
 */
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { lstat } from 'node:fs/promises';
import { Duplex, PassThrough } from 'node:stream';
import { lastWords } from '../formats/text/printable.ts';
import type { Channel, End, Transport } from '../remote/transport.ts';
import { connectionInterrupted, forwardFailure, lost } from './failures.ts';
import { sessionSlots } from './session-limit.ts';
import { hostLabel, type SshSettings } from './ssh-config.ts';

/** Milliseconds that ssh has to answer whether the connection is alive. */
const PATIENCE = 2000;

/** The arguments of ssh for this connection; undefined if the configuration names none, or if none is open. */
export async function openMaster({ controlPath, hostname, port, user }: SshSettings): Promise<string[] | undefined> {
  if (controlPath === undefined || !(await isOwnSocket(controlPath))) return undefined;
  // A ControlPath without tokens (%C, %h) names one socket for all hosts, and the connection leads to one of them.
  const here = `${user}@${hostname}:${port}`;
  if ((destinations.get(controlPath) ?? here) !== here) return undefined;
  destinations.set(controlPath, here);
  // Without a configuration: it is resolved already. Where the connection ends meanwhile, ssh must not open another.
  const options = ['BatchMode=yes', 'ControlMaster=no', 'ProxyCommand=false'].flatMap((one) => ['-o', one]);
  const way = ['-F', 'none', '-S', controlPath, ...options, '-T', '-p', String(port), '-l', user];
  return new Promise((resolve) => {
    execFile('ssh', [...way, '-O', 'check', '--', hostname], { timeout: PATIENCE }, (error) =>
      resolve(error === null ? [...way, '--', hostname] : undefined),
    );
  });
}

/** The host of each open connection of this run, by its socket. */
const destinations = new Map<string, string>();

/** Another user's socket would get our commands. */
async function isOwnSocket(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && found.isSocket() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

/** @param way from `openMaster` */
export async function masterTransport(
  way: readonly string[],
  settings: SshSettings,
  signal: AbortSignal | undefined,
): Promise<Transport> {
  const label = hostLabel(settings);
  const slots = sessionSlots();
  const start = (...args: string[]): ChildProcessWithoutNullStreams =>
    // In its own session: Ctrl-C reaches only this process, and stops no script in the middle.
    spawn('ssh', [...way.slice(0, -2), ...args], { stdio: 'pipe', detached: true });
  const host = way.slice(-2);
  return {
    label,
    // Which of several addresses the connection leads to is not known; one behind a jump host has none from here.
    address: (await lookup(settings.hostname).catch(() => ({ address: settings.hostname }))).address,
    user: settings.user,
    exec: (command) =>
      slots.use((release) => Promise.resolve(asChannel(start(...host, command), label, release, signal))),
    forward: (address, port) => openForward(start('-v', '-W', `[${address}]:${port}`, ...host), label, address, port),
    close: () => Promise.resolve(), // It is the user's.
  };
}

function asChannel(
  child: ChildProcessWithoutNullStreams,
  label: string,
  release: () => void,
  signal: AbortSignal | undefined,
): Channel {
  let words = '';
  // The first words come before the caller listens, and must wait.
  const stderr = child.stderr.pipe(new PassThrough());
  child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString('latin1')).slice(-500)));
  const close = (): void => void child.kill();
  const ended = new Promise<End>((resolve, reject) => {
    const cut = (): void => {
      close();
      reject(connectionInterrupted(label));
    };
    child.once('error', (error) => reject(lost(label, error)));
    child.once('close', (code, by) => {
      signal?.removeEventListener('abort', cut);
      release();
      if (code === LOST) reject(lost(label, new Error(lastWords(Buffer.from(words, 'latin1')))));
      // The last words may still be on their way through the stream above.
      else setImmediate(resolve, code === null ? { signal: by ?? 'a signal' } : { code });
    });
    signal?.addEventListener('abort', cut, { once: true });
    if (signal?.aborted) cut();
  });
  ended.catch(() => {}); // No unhandled rejection while no caller waits yet.
  return { stdin: child.stdin, stdout: child.stdout, stderr, ended, close };
}

/** The exit status of ssh for an error of its own. */
const LOST = 255;

/** Resolves once the other side is connected: with -v, ssh says so. */
function openForward(
  child: ChildProcessWithoutNullStreams,
  label: string,
  address: string,
  port: number,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString('latin1')).slice(-4000);
      if (!/master session id/.test(words)) return;
      child.stderr.removeAllListeners('data').resume();
      const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
      stream.on('error', () => {}).once('close', () => child.kill());
      resolve(stream);
    });
    child.once('error', reject);
    child.once('close', () => {
      // ssh does not pass on whether the port is closed, or sshd forwards nothing.
      const said = words.split('\n').find((line) => line.includes('failed')) ?? 'refused';
      reject(forwardFailure(label, address, port, new Error(said)));
    });
  });
}
