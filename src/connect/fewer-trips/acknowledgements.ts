/**
 * Saves the waits of a server whose TCP holds back small packets (Nagle, RFC 896) until the one before is acknowledged, which this machine
 * does only after 40 ms if it has nothing to send (delayed acknowledgement, RFC 1122). sshd is such a server until it starts a command, so
 * its "service accepted" delays its "login accepted" by 40 ms, also on the same machine. An "ignore" message (RFC 4253, section 11.2) takes
 * the acknowledgement along at once.
 */
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { insides } from './insides.ts';

const SSH_MSG_IGNORE = 2;

/** More would be of no use: a login has fewer waits. */
const MOST = 8;

/**
 * Answers what the server says with an "ignore" message if nothing else is sent, from the end of the key exchange to the first command.
 * @param socket has the listeners of the client
 */
export function acknowledgeAtOnce(client: Client, socket: Duplex): void {
  const { _protocol: protocol } = insides(client);
  let hasSaid = false;
  let left = 0;
  const write = socket.write.bind(socket) as (...values: unknown[]) => boolean;
  socket.write = (...values: unknown[]) => {
    hasSaid = true;
    return write(...values);
  };
  client.once('handshake', () => (left = MOST));
  socket.prependListener('data', () => (hasSaid = false));
  // After the promises of the login: its next request is sent by then.
  socket.on('data', () => void setImmediate(acknowledge));
  const exec = protocol.exec.bind(protocol);
  protocol.exec = (...values) => {
    left = 0;
    exec(...values);
  };

  function acknowledge(): void {
    if (hasSaid || left === 0 || socket.destroyed || protocol._kexinit !== undefined) return;
    left -= 1;
    const { write: writer } = protocol._packetRW;
    const packet = writer.alloc(5); // with an empty text
    packet.fill(0, writer.allocStart, writer.allocStart + 5);
    packet[writer.allocStart] = SSH_MSG_IGNORE;
    protocol._cipher.encrypt(writer.finalize(packet));
  }
}
