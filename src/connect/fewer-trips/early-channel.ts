/**
 * Saves the round trip in which a client waits for its first channel. RFC 4252, section 5.1, has the server pass on what follows the
 * request that it accepts: so the request for the channel is sent together with the signature.
 *
 * OpenSSH answers "not implemented" where it does not accept the signature, and the login continues. RFC 4252, section 6, lets other servers
 * hang up: for them, and for a login by other means than an open key file, nothing is sent early.
 */
import type { Client } from 'ssh2';
import { insides } from './insides.ts';

/** As in ssh2's client. */
const [WINDOW, PACKET] = [2 * 1024 * 1024, 32 * 1024];

/** The first command of this connection gets the channel. */
export function openChannelEarly(client: Client): void {
  const { _protocol: protocol, _chanMgr: channels } = insides(client);
  const handlers = protocol._handlers;
  const { CHANNEL_OPEN_CONFIRMATION: confirm, CHANNEL_OPEN_FAILURE: refuse, USERAUTH_FAILURE: fail } = handlers;
  const authPK = protocol.authPK.bind(protocol);
  const session = protocol.session.bind(protocol);
  /** The number of the channel: requested, and not yet given to a command. */
  let early: number | undefined;
  let isOver = false;
  /** The server's answer, while no command wants the channel yet. */
  let answer = (): void => {};

  protocol.authPK = (user, key, algorithm, sign) => {
    authPK(user, key, algorithm, sign);
    if (isOver) return;
    isOver = true;
    if (sign !== undefined || !key.isPrivateKey() || !/^OpenSSH_/.test(insides(client)._remoteVer ?? '')) return;
    early = channels.add(Object.assign(() => {}, { type: 'session' }));
    session(early, WINDOW, PACKET);
  };
  handlers.USERAUTH_FAILURE = (from, methods, isPartial) => {
    if (early !== undefined) channels.remove(early);
    early = undefined;
    fail(from, methods, isPartial);
  };
  handlers.CHANNEL_OPEN_CONFIRMATION = (from, about) => {
    if (about.recipient === early) answer = () => confirm(from, about);
    else confirm(from, about);
  };
  handlers.CHANNEL_OPEN_FAILURE = (from, recipient, reason, words) => {
    if (recipient === early) answer = () => refuse(from, recipient, reason, words);
    else refuse(from, recipient, reason, words);
  };
  protocol.session = (channel, window, packetSize) => {
    if (early === undefined) return session(channel, window, packetSize);
    channels.update(early, channels.get(channel));
    channels.remove(channel);
    early = undefined;
    answer();
  };
}
