/**
 * A login in fewer round trips than ssh2 takes: a layer over a few methods and message handlers of its client. Nothing is sent before ssh2
 * has verified the server's signature and our check has accepted the host key: ssh2 asks for the login service after both.
 */
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { acknowledgeAtOnce } from './acknowledgements.ts';
import { openChannelEarly } from './early-channel.ts';
import { loginEarly } from './early-login.ts';
import { insides } from './insides.ts';

/**
 * @param client one that has begun to connect
 * @param commands false where the connection only leads to another host
 */
export function withFewerTrips(client: Client, socket: Duplex, commands: boolean): void {
  const { _protocol: protocol } = insides(client);
  loginEarly(protocol);
  if (commands) openChannelEarly(client);
  acknowledgeAtOnce(client, socket);
  inOnePacket(socket);
  withoutOtherKeys(protocol);
}

/** ssh2 writes length, content and tag of a message separately, and each would be a packet. */
function inOnePacket(socket: Duplex): void {
  const write = socket.write.bind(socket) as (...values: unknown[]) => boolean;
  let isCorked = false;
  const uncork = (): void => {
    isCorked = false;
    socket.uncork();
  };
  socket.write = (...values: unknown[]) => {
    if (!isCorked) {
      isCorked = true;
      socket.cork();
      process.nextTick(uncork);
    }
    return write(...values);
  };
}

/** After the login sshd names its other host keys, and ssh2 asks for a proof of each. Nobody here learns them. */
function withoutOtherKeys({ _handlers: handlers }: ReturnType<typeof insides>['_protocol']): void {
  const { GLOBAL_REQUEST: request } = handlers;
  handlers.GLOBAL_REQUEST = (from, name, wantsReply, data) => {
    if (name !== 'hostkeys-00@openssh.com') request(from, name, wantsReply, data);
  };
}
