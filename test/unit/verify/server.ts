import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import type { Dial } from '../../../src/verify/verify.ts';

/** What a fake daemon says. Lines are joined as they are: a script writes its own CRLF. */
export interface Script {
  readonly implicit?: boolean;
  readonly tls?: SecureContextOptions;
  /** Sent at once; null: says nothing; `close`: hangs up. */
  readonly greeting: string | null;
  /** The answer to a line; `[text]`: sent before TLS starts; null: no answer. */
  answer(line: string, secure: boolean): string | readonly [string] | null;
}

export interface Fake {
  readonly port: number;
  /** Every line that clients sent; `!` marks those sent in the clear. */
  readonly heard: string[];
  close(): void;
}

export async function serve(script: Script): Promise<Fake> {
  const open = new Set<Socket>();
  const heard: string[] = [];
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    if (script.implicit) secure(socket, true);
    else talk(socket, false, true);
  });

  function secure(socket: Socket, greets: boolean) {
    const tls = new TLSSocket(socket, { isServer: true, ...script.tls });
    tls.on('error', () => socket.destroy());
    talk(tls, true, greets);
  }

  function talk(socket: Socket, isSecure: boolean, greets: boolean) {
    let buffer = '';
    if (greets) {
      if (script.greeting === 'close') return socket.destroy();
      if (script.greeting !== null) socket.write(script.greeting, 'latin1');
    }
    socket.on('data', function onData(chunk: Buffer) {
      buffer += chunk.toString('latin1');
      for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        heard.push(isSecure ? line : `!${line}`);
        const answer = script.answer(line, isSecure);
        if (answer === null) continue;
        if (typeof answer === 'string') {
          socket.write(answer, 'latin1');
          continue;
        }
        socket.off('data', onData);
        socket.write(answer[0], 'latin1', () => secure(socket, false));
        return;
      }
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/**
 * Connects to the fakes by the port numbers of mail. From another address than theirs, as from outside, or, with
 * `local`, from the same one. A port without a fake is refused, for real.
 */
export function dialTo(fakes: ReadonlyMap<number, Fake>, local = false): Dial {
  return (port, signal) =>
    new Promise((resolve, reject) => {
      // Port 1 (tcpmux) is free on every machine of this century.
      const to = fakes.get(port)?.port ?? 1;
      const socket = connect({ host: '127.0.0.1', port: to, localAddress: local ? '127.0.0.1' : '127.0.0.2', signal });
      socket.once('connect', () => resolve(socket.off('error', reject))).once('error', reject);
    });
}
