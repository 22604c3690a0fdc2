/**
 * One authenticated SSH connection, spoken to through ssh2: node-ssh decodes and trims what a host answers, and reports a lost
 * connection as an answer.
 */
import type { Client, ClientChannel } from 'ssh2';
import type { HardenMailError } from '../errors.ts';
import type { Channel, End, Transport } from '../remote/transport.ts';
import { ending } from './ending.ts';
import type { Ending } from './ending.ts';
import { closedWithoutStatus, execFailure, forwardFailure, interrupted, lost } from './failures.ts';
import type { SshLibrary } from './library.ts';
import { login } from './login.ts';
import type { LoginOptions } from './login.ts';
import { sessionSlots } from './slots.ts';

export interface SessionOptions extends LoginOptions {
  readonly address: string;
  readonly signal?: AbortSignal;
}

/** @throws HardenMailError, or what checking the host key or asking the user threw. */
export async function openSession(library: SshLibrary, options: SessionOptions): Promise<Transport> {
  const { label, signal, socket } = options;
  const life = ending(() => {
    signal?.removeEventListener('abort', abort);
    socket.destroy();
  });
  const abort = (): void => life.end(interrupted(label));
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();

  const client = await login(library, options, life);
  const slots = sessionSlots();
  /** @param explain what the error means where the connection lives */
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
    close: () => close(client, life),
  };
}

/** What ssh2 says between the moment when a connection breaks and the moment when it tells so. */
const NOT_CONNECTED = /^(not connected|no response from server)$/i;

function openForward(client: Client, address: string, port: number, life: Ending): Promise<ClientChannel> {
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
  life: Ending,
  release: () => void,
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    // A connection that is lost while the channel opens is not told to the callback.
    life.ended.catch(reject);
    if (life.reason() !== undefined) return;
    client.exec(command, {}, (error, channel) => {
      if (error) return reject(error);
      resolve(asChannel(channel, label, life, release));
    });
  });
}

function asChannel(channel: ClientChannel, label: string, life: Ending, release: () => void): Channel {
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
  ended.catch(() => {}); // Whoever waits for it gets it; nobody may be waiting yet.
  channel.on('error', () => {});
  return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, close: () => channel.close() };
}

/** Says goodbye, and does not wait long for the answer. */
async function close(client: Client, life: Ending): Promise<void> {
  if (life.reason() !== undefined) return;
  const timer = setTimeout(() => life.end(new Error('closed')), 1000);
  client.end();
  await life.ended.catch(() => {});
  clearTimeout(timer);
}
