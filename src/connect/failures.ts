/** What the network and the other side say, as errors with a next step. */
import { HardenMailError } from '../model/errors.ts';
import { printable } from '../formats/text/printable.ts';

/** The other side hung up before it said who it is, as sshd does beyond MaxStartups: worth another try. */
export class ForwardRefusal extends HardenMailError {}

export function socketFailure(label: string, error: NodeJS.ErrnoException): HardenMailError {
  const options = { cause: error };
  switch (error.code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NONAME':
      return new HardenMailError(
        'HOST_UNKNOWN',
        `${label}: the name does not resolve${error.code === 'EAI_AGAIN' ? ' for now (no answer from DNS)' : ''}`,
        'Check the spelling and the DNS, or give an address.',
        options,
      );
    case 'ECONNREFUSED':
      return new HardenMailError(
        'CONNECTION_REFUSED',
        `${label}: the connection was refused`,
        'Is sshd running, and on this port? Another one is given with --port.',
        options,
      );
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return new HardenMailError(
        'CONNECTION_TIMEOUT',
        `${label}: ${error.code === 'ETIMEDOUT' ? 'no answer' : 'the host cannot be reached'}`,
        'Is the host up, and does a firewall let this machine through?',
        options,
      );
    default:
      return new HardenMailError(
        'CONNECTION_LOST',
        `${label}: cannot connect: ${error.message}`,
        'Try `ssh -v` with the same host for more.',
        options,
      );
  }
}

/** Something failed between the first byte and the end of authentication. `shaken`: keys were already exchanged. */
export function handshakeFailure(label: string, error: Error, shaken: boolean, level?: string): HardenMailError {
  const options = { cause: error };
  const said = printable(error.message);
  if (level === 'client-timeout') {
    return new HardenMailError(
      'CONNECTION_TIMEOUT',
      `${label}: connected, but ${said}`,
      'Is it sshd that listens there? Look at the load of the host.',
      options,
    );
  }
  if (/no matching/i.test(error.message)) {
    return new HardenMailError(
      'CONNECTION_LOST',
      `${label}: no algorithm in common (${said.replace(/^Handshake failed: /, '')})`,
      'Neither SHA-1, CBC nor ChaCha20 is offered here, and no post-quantum key exchange: allow curve25519-sha256, ' +
        'aes128-gcm@openssh.com and an Ed25519, ECDSA or RSA (SHA-2) host key in sshd_config.',
      options,
    );
  }
  if (!shaken && HUNG_UP.test(said)) {
    return new ForwardRefusal(
      'CONNECTION_LOST',
      `${label}: hung up before it said who it is (${said})`,
      'Too many connections at once (MaxStartups), a firewall, fail2ban or hosts.deny; or it is not sshd that listens there.',
      options,
    );
  }
  return new HardenMailError(
    'CONNECTION_LOST',
    `${label}: the connection was lost ${shaken ? 'while logging in' : 'at its start'}: ${said}`,
    "Look into the host's log (`journalctl -u ssh`), then try again.",
    options,
  );
}

const HUNG_UP = /lost before handshake|connection was closed|ECONNRESET|EPIPE/i;

/** The connection is there, but the host starts no command in it. */
export function execFailure(label: string, error: Error): HardenMailError {
  return new HardenMailError(
    'REMOTE_FAILED',
    `${label}: the host starts no command: ${printable(error.message)}`,
    'MaxSessions, ForceCommand or the account in sshd_config may forbid it; `ssh` with the same user shows it too.',
    { cause: error },
  );
}

export function lost(label: string, error?: Error): HardenMailError {
  return new HardenMailError(
    'CONNECTION_LOST',
    `${label}: the connection was lost${error ? `: ${printable(error.message)}` : ''}`,
    'Check the network and the host, then run the command again.',
    { cause: error },
  );
}

export function closedWithoutStatus(label: string): HardenMailError {
  return new HardenMailError(
    'CONNECTION_LOST',
    `${label}: the host broke off a command without saying how it ended`,
    "Look into the host's log (`journalctl -u ssh`), then run the command again.",
  );
}

export function connectionInterrupted(label: string): HardenMailError {
  return new HardenMailError(
    'INTERRUPTED',
    `${label}: connectionInterrupted`,
    'Run the command again when you are ready.',
  );
}

/** RFC 4254 5.1: reason 1 is "administratively prohibited", 2 "connect failed". */
export function forwardFailure(label: string, address: string, port: number, error: Error): HardenMailError {
  const { reason } = error as { reason?: unknown };
  const what = printable(error.message.replace(/^\(SSH\) Channel open failure: /, ''));
  const options = { cause: error };
  if (reason === 1) {
    return new HardenMailError(
      'REMOTE_FAILED',
      `${label}: the host does not forward connections (${what})`,
      'Set AllowTcpForwarding (and PermitOpen) in its sshd_config, or probe from a machine that reaches the port.',
      options,
    );
  }
  const code = /not known|resol/i.test(what)
    ? 'HOST_UNKNOWN'
    : /timed out|unreachable|no route/i.test(what)
      ? 'CONNECTION_TIMEOUT'
      : 'CONNECTION_REFUSED';
  return new HardenMailError(
    code,
    `${address}:${port}, seen from ${label}: ${what}`,
    'Does the service listen there?',
    options,
  );
}
