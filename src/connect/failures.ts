/** Turns errors of the network and of the other side into errors with a next step. */
import { HardenMailError } from '../model/errors.ts';
import { printable } from '../formats/text/printable.ts';

/** The other side hung up before it identified itself, as sshd does beyond MaxStartups: worth a retry. */
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
        'Is sshd running, and on this port? Give another port with --port.',
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

/** A failure between the first byte and the end of authentication. `shaken`: the key exchange was complete. */
export function handshakeFailure(label: string, error: Error, shaken: boolean, level?: string): HardenMailError {
  const options = { cause: error };
  const said = printable(error.message);
  if (level === 'client-timeout') {
    return new HardenMailError(
      'CONNECTION_TIMEOUT',
      `${label}: connected, but ${said}`,
      'Does sshd listen there? Check the load of the host.',
      options,
    );
  }
  if (/no matching/i.test(error.message)) {
    return new HardenMailError(
      'CONNECTION_LOST',
      `${label}: no algorithm in common (${said.replace(/^Handshake failed: /, '')})`,
      'harden-mail offers no SHA-1, CBC, ChaCha20 or post-quantum key exchange: allow curve25519-sha256, ' +
        'aes128-gcm@openssh.com and an Ed25519, ECDSA or RSA (SHA-2) host key in sshd_config.',
      options,
    );
  }
  if (!shaken && HUNG_UP.test(said)) {
    return new ForwardRefusal(
      'CONNECTION_LOST',
      `${label}: hung up before it identified itself (${said})`,
      'Too many connections at once (MaxStartups), a firewall, fail2ban or hosts.deny; or another program than sshd listens there.',
      options,
    );
  }
  return new HardenMailError(
    'CONNECTION_LOST',
    `${label}: the connection was lost ${shaken ? 'while logging in' : 'at its start'}: ${said}`,
    "Check the host's log (`journalctl -u ssh`), then try again.",
    options,
  );
}

const HUNG_UP = /lost before handshake|connection was closed|ECONNRESET|EPIPE/i;

/** The connection is open, but the host does not run a command. */
export function execFailure(label: string, error: Error): HardenMailError {
  return new HardenMailError(
    'REMOTE_FAILED',
    `${label}: the host did not run the command: ${printable(error.message)}`,
    'MaxSessions, ForceCommand or the account in sshd_config may forbid it; try `ssh` with the same user.',
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
    `${label}: the host closed a command without an exit status`,
    "Check the host's log (`journalctl -u ssh`), then run the command again.",
  );
}

export function connectionInterrupted(label: string): HardenMailError {
  return new HardenMailError('INTERRUPTED', `${label}: interrupted`, 'Run the command again when you are ready.');
}

/** RFC 4254 5.1: reason 1 is "administratively prohibited", 2 is "connect failed". */
export function forwardFailure(label: string, address: string, port: number, error: Error): HardenMailError {
  const { reason } = error as { reason?: unknown };
  const what = printable(error.message.replace(/^\(SSH\) Channel open failure: /, ''));
  const options = { cause: error };
  if (reason === 1) {
    return new HardenMailError(
      'REMOTE_FAILED',
      `${label}: the host does not forward connections (${what})`,
      'Set AllowTcpForwarding (and PermitOpen) in its sshd_config, or probe from a machine that can reach the port.',
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
