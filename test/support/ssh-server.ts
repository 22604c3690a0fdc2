/** An SSH server inside the test, for what a real sshd does not do on demand. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type * as ssh2 from 'ssh2';
import type { Connection, ServerChannel, ServerConfig } from 'ssh2';
import type { Host } from '../../src/model/index.ts';

const require = createRequire(createRequire(import.meta.url).resolve('node-ssh'));
const { Server } = require('ssh2') as typeof ssh2;

export interface Behaviour {
  /** More of ssh2's configuration, e.g. algorithms. */
  readonly config?: Partial<ServerConfig>;
  /** Takes a new socket; true when it dealt with it, so that no SSH is spoken. */
  readonly socket?: (socket: Socket, count: number) => boolean;
  /** Default: everybody is let in. */
  readonly connection?: (client: Connection, socket: Socket) => void;
  /** What a command does. Default: it runs nothing and ends with status 0. */
  readonly exec?: (channel: ServerChannel, command: string, socket: Socket) => void;
}

export interface TestServer {
  readonly port: number;
  readonly folder: string;
  readonly knownHosts: string;
  host(more?: Partial<Host>): Host;
  stop(): Promise<void>;
}

export async function startServer(behaviour: Behaviour): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-server-'));
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'host')]);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'user')]);
  const sockets = new Set<Socket>();
  const config = { hostKeys: [readFileSync(join(folder, 'host'))], ...behaviour.config };
  let count = 0;
  const listener = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}));
    if (behaviour.socket?.(socket, (count += 1))) return;
    const ssh = new Server(config, (client) => {
      client.on('error', () => {});
      if (behaviour.connection) behaviour.connection(client, socket);
      else client.on('authentication', (attempt) => attempt.accept());
      client.on('session', (accept) => {
        accept().on('exec', (acceptExec, _reject, { command }) => {
          const channel = acceptExec();
          if (behaviour.exec) return behaviour.exec(channel, command, socket);
          channel.exit(0);
          channel.end();
        });
      });
    });
    ssh.injectSocket(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const knownHosts = join(folder, 'known_hosts');
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${readFileSync(join(folder, 'host.pub'), 'utf8')}`);
  return {
    port,
    folder,
    knownHosts,
    host: (more) => ({
      name: 'box',
      hostname: '127.0.0.1',
      port,
      user: 'root',
      identity: join(folder, 'user'),
      profile: 'standard',
      ...more,
    }),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

/** Answers a command as a host would: the mark at once, and `output` when the script has arrived whole. */
export function answerScript(channel: ServerChannel, command: string, onScript: (script: string) => void): void {
  const [, first = '', second = ''] = /n=(\w+); n="\$n"(\w+);/.exec(command) ?? [];
  const mark = first + second;
  channel.stderr.write(`${mark}\n`);
  channel.write(`${mark}\n`);
  let received = Buffer.alloc(0);
  channel.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    // A line with the length, and the packed script.
    const begin = received.indexOf('\n') + 1;
    if (begin > 0 && received.length >= begin + Number(received.subarray(0, begin)))
      onScript(gunzipSync(received.subarray(begin)).toString());
  });
}
