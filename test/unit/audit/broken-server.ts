/**
 * A mock, and broken on purpose: a server that carries out inside TLS what came in the clear behind STARTTLS (CVE-2011-0411),
 * as no daemon of Debian does any more. `sound`: one that drops it.
 */
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { pair } from './s-server.ts';

type Kind = 'smtp' | 'imap' | 'pop3';

const GREETING = { smtp: '220 mx ESMTP\r\n', imap: '* OK hello\r\n', pop3: '+OK hello\r\n' };

/** The answer to one line, and `tls` where TLS is to start behind it. */
function answer(kind: Kind, line: string): { readonly text: string; readonly tls?: true; readonly bye?: true } {
  const [tag = '', word = ''] = kind === 'imap' ? line.split(' ') : ['', line.split(' ')[0] ?? ''];
  const ok = { smtp: '250 ok\r\n', imap: `${tag} OK done\r\n`, pop3: '+OK\r\n' }[kind];
  if (/^(STARTTLS|STLS)$/i.test(word)) return { text: kind === 'smtp' ? '220 go\r\n' : ok, tls: true };
  if (/^EHLO$/i.test(word)) return { text: '250-mx\r\n250 STARTTLS\r\n' };
  if (/^(QUIT|LOGOUT)$/i.test(word)) {
    const bye = { smtp: '221 bye\r\n', imap: `* BYE bye\r\n${ok}`, pop3: ok }[kind];
    return { text: bye, bye: true };
  }
  if (/^CAPA$/i.test(word)) return { text: '+OK\r\nSTLS\r\n.\r\n' };
  return { text: ok };
}

export async function starttlsServer(kind: Kind, how: 'broken' | 'sound'): Promise<{ port: number; close(): void }> {
  const { cert, key } = pair('rsa');
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}).write(GREETING[kind]);
    talk(socket, false, '');
  });
  function talk(socket: Socket, secure: boolean, early: string): void {
    let buffer = '';
    const take = (text: string): void => {
      buffer += text;
      for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
        const { text: said, tls, bye } = answer(kind, buffer.slice(0, end));
        buffer = buffer.slice(end + 2);
        if (tls && !secure) {
          socket.removeAllListeners('data');
          const rest = how === 'broken' ? buffer : '';
          socket.write(said, () => {
            const inner = new TLSSocket(socket, { isServer: true, cert: readFileSync(cert), key: readFileSync(key) });
            inner.on('error', () => socket.destroy());
            talk(inner, true, rest);
          });
          return;
        }
        socket.write(said);
        if (bye) socket.end();
      }
    };
    socket.on('data', (chunk: Buffer) => take(chunk.toString('latin1')));
    if (early !== '') take(early);
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
