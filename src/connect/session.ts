/**
 * One authenticated SSH connection. It uses ssh2 directly: node-ssh decodes and trims the host's output, and reports a lost
 * connection as an answer.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import type { HardenMailError } from '../model/errors.ts';
import type { Channel, End, Transport } from '../remote/transport.ts';
import { ending } from './ending.ts';
import type { ConnectionLife } from './ending.ts';
import { closedWithoutStatus, execFailure, forwardFailure, connectionInterrupted, lost } from './failures.ts';
import type { SshLibrary } from './library.ts';
import { login } from './login.ts';
import type { LoginOptions } from './login.ts';
import { sessionSlots } from './session-limit.ts';

export interface SessionOptions extends LoginOptions {
  readonly address: string;
  readonly signal?: AbortSignal;
}

/** @throws HardenMailError, or the error of checking the host key or of asking the user. */
export async function openSession(library: SshLibrary, options: SessionOptions): Promise<Transport> {
  const { label, signal, socket } = options;
  const life = ending(() => {
    signal?.removeEventListener('abort', abort);
    socket.destroy();
  });
  const abort = (): void => life.end(connectionInterrupted(label));
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();

  const client = await login(library, options, life);
  const slots = sessionSlots();
  /** @param explain the meaning of the error if the connection is still open */
  const failed = (explain: (error: Error) => HardenMailError) => (error: Error) => {
    if (NOT_CONNECTED.test(error.message)) life.end(lost(label));
    throw life.reason() ?? explain(error);
  };
  return {
    label,
    address: options.address,
    user: options.user,
    exec: (command) =>
      slots
        .use((release) => startCommand(client, command, label, life, release))
        .catch(failed((error) => execFailure(label, error))),
    forward: (address, port) =>
      openForward(client, address, port, life).catch(failed((error) => forwardFailure(label, address, port, error))),
    close: () => close(client, socket, life),
  };
}

/** Errors of ssh2 between the moment when a connection breaks and the event that reports it. */
const NOT_CONNECTED = /^(not connected|no response from server)$/i;

function openForward(client: Client, address: string, port: number, life: ConnectionLife): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    life.ended.catch(reject);
    if (life.reason() !== undefined) return;
    client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => (error ? reject(error) : resolve(channel)));
  });
}

function startCommand(
  client: Client,
  command: string,
  label: string,
  life: ConnectionLife,
  release: () => void,
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    // ssh2 does not call back if the connection is lost while the channel opens.
    life.ended.catch(reject);
    if (life.reason() !== undefined) return;
    client.exec(command, {}, (error, channel) => {
      if (error) return reject(error);
      resolve(asChannel(channel, label, life, release));
    });
  });
}

function asChannel(channel: ClientChannel, label: string, life: ConnectionLife, release: () => void): Channel {
  let end: End | undefined;
  channel.on('exit', (code: number | null, signal?: string) => {
    end = code === null ? { signal: signal ?? 'a signal' } : { code };
  });
  const read = new Promise((resolve) => channel.stderr.once('end', resolve).once('close', resolve));
  const ended = new Promise<End>((resolve, reject) => {
    life.ended.catch((reason: Error) => {
      if (end === undefined) reject(reason);
    });
    channel.once('close', () => {
      void read.then(() => {
        release();
        if (end !== undefined) resolve(end);
        else reject(life.reason() ?? closedWithoutStatus(label));
      });
    });
  });
  ended.catch(() => {}); // No unhandled rejection while no caller waits yet.
  channel.on('error', () => {});
  return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, close: () => channel.close() };
}

/**
 * Closes the connection. It waits until the last bytes are sent, for a second at most, and not for the server's answer, which would take a
 * round trip at the end of every run.
 */
async function close(client: Client, socket: Duplex, life: ConnectionLife): Promise<void> {
  if (life.reason() !== undefined) return;
  const sent = new Promise<void>((resolve) => socket.once('finish', resolve));
  const timer = setTimeout(() => life.end(new Error('closed')), 1000);
  timer.unref();
  client.end();
  if (socket instanceof Socket) void sent.then(() => socket.unref());
  await Promise.race([sent, life.ended.catch(() => {})]);
}
