/**
 * Saves two round trips of a login. ssh2 waits for the server's answer to the request for the login service, and asks for each key whether
 * the server would accept it, before it signs. Both waits are for people with a passphrase or a security key; an open key file needs neither.
 *
 * This is a layer over two methods and two message handlers of ssh2's client. Nothing is sent before ssh2 has verified the server's
 * signature and our check has accepted the host key: ssh2 calls `service` after both. A signature is valid for this session only.
 */
import type { SshProtocol } from './insides.ts';

const HASHES: Readonly<Record<string, string>> = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' };

export function loginEarly(protocol: SshProtocol): void {
  withoutQuestion(protocol);
  withoutWait(protocol);
}

/** An open private key signs at once. A key of an agent does not: the agent may ask for a touch or a confirmation. */
function withoutQuestion(protocol: SshProtocol): void {
  const ask = protocol.authPK.bind(protocol);
  protocol.authPK = (user, key, algorithm, sign) => {
    const hash = HASHES[algorithm ?? ''];
    const isUnusual = key.type === 'ssh-rsa' && hash === undefined; // SHA-1
    if (sign !== undefined || isUnusual || !key.isPrivateKey()) return ask(user, key, algorithm, sign);
    ask(user, key, algorithm, (data, done) => {
      const signature = key.sign(data, hash) as Buffer | Error;
      if (signature instanceof Error) ask(user, key, algorithm); // ssh2 then reports the error.
      else done(signature);
    });
  };
}

/**
 * The first login request follows the service request. It waits for the server's signature algorithms, because an RSA key depends on them:
 * OpenSSH sends them with the end of the key exchange. A server that sends none is waited for, as without this layer.
 */
function withoutWait(protocol: SshProtocol): void {
  const request = protocol.service.bind(protocol);
  const handlers = protocol._handlers;
  const { EXT_INFO: learn, SERVICE_ACCEPT: accept } = handlers;
  let [asked, informed, begun] = [false, false, false];
  const begin = (): void => {
    if (!asked || !informed || begun) return;
    begun = true;
    accept(protocol, LOGIN);
  };
  protocol.service = (name) => {
    request(name);
    if (name === LOGIN) asked = true;
    begin();
  };
  handlers.EXT_INFO = (from, extensions) => {
    learn(from, extensions);
    informed = true;
    begin();
  };
  handlers.SERVICE_ACCEPT = (from, name) => {
    if (name === LOGIN && begun) return;
    begun = true;
    accept(from, name);
  };
}

const LOGIN = 'ssh-userauth';
