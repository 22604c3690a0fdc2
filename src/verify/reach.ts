import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { ErrorCode } from '../model/errors.ts';
import type { Finding } from '../model/index.ts';
import { CHECKS, checkOf } from './checks/index.ts';
import type { CheckId } from './checks/index.ts';
import type { Port } from './mail-ports.ts';
import type { Probe } from './conversation.ts';
import { converse } from './conversation.ts';
import { reason } from '../mail/wire.ts';

/**
 * Makes a TCP connection to a port of the host. Rejects if that is impossible; an error with a code in REFUSED means that the
 * host was reached and nothing listens.
 */
export type Dial = (port: number, signal: AbortSignal) => Promise<Duplex>;

/** Node's code, and this tool's code for a refusal at the other end of an SSH connection. */
const REFUSED = ['ECONNREFUSED', 'CONNECTION_REFUSED' satisfies ErrorCode];

export interface Ways {
  readonly direct: Dial;
  /** `direct` connects from the host to itself: the findings do not show what others can reach. */
  readonly local?: boolean;
  readonly fallback?: Dial;
  /** Settles when `fallback` is usable. */
  readonly ready?: Promise<unknown>;
}

/** The part of a probe that is known before there is a connection. */
export type Ahead = Omit<Probe, 'local' | 'again'>;

/** `connected: false`: the port could not be connected to, so there are no findings. */
type Look =
  | { readonly connected: false; readonly greeted: false; readonly refused: boolean; readonly why: string }
  | { readonly connected: true; readonly greeted: boolean; readonly findings: readonly Finding[] };

/**
 * Looks at one port from this machine; if that fails, from the host itself. A port that only the host sees never counts as
 * reachable, and a port that this machine cannot see does not count as missing while it exists.
 */
export async function lookAt(port: Port, ways: Ways, probe: Ahead): Promise<Finding[]> {
  const answers = (via: Finding['via'], status: Finding['status'], text: string): Finding => ({
    port: port.port,
    check: 'answers' satisfies CheckId,
    status,
    text,
    via,
  });

  if (ways.local) return fromItself(port, ways.direct, probe, answers);
  const outside = await look(port, ways.direct, 'direct', probe);
  if (outside.greeted) return ordered(outside.findings);
  if (!outside.connected && outside.refused && port.optional)
    return [answers('direct', 'pass', 'closed: nobody can log in in clear here')];

  await ways.ready;
  const inside = ways.fallback && (await look(port, ways.fallback, 'ssh', probe));
  if (inside?.connected && (inside.greeted || !outside.connected)) {
    const rest = inside.findings.filter((one) => one.check !== 'answers' || one.status !== 'pass');
    return ordered([answers('ssh', 'hint', onlyInside(port, outside)), ...rest]);
  }
  if (outside.connected) return ordered(outside.findings);
  if (inside && !inside.connected && inside.refused)
    return port.optional
      ? [answers('ssh', 'pass', 'closed: nobody can log in in clear here')]
      : [answers('ssh', 'fail', `nothing listens on ${port.port}`)];

  const ssh = inside && !inside.connected ? `, nor through SSH (${inside.why})` : '';
  if (port.optional)
    return [
      answers('direct', 'hint', `cannot be reached from here (${outside.why})${ssh}: whether others can is not known`),
    ];
  const cause = outside.refused
    ? 'nothing listens, or a firewall rejects'
    : `a firewall${blocked(port)}, or the host is down`;
  return [answers('direct', 'fail', `${port.port} cannot be reached from here (${outside.why})${ssh}: ${cause}`)];
}

/** For --local. An answer to the host itself does not prove that others can reach the port. */
async function fromItself(
  port: Port,
  dial: Dial,
  probe: Ahead,
  answers: (via: Finding['via'], status: Finding['status'], text: string) => Finding,
): Promise<Finding[]> {
  const seen = await look(port, dial, 'local', probe);
  if (seen.connected) {
    const rest = seen.findings.filter((one) => one.check !== 'answers' || one.status !== 'pass');
    const text = `${port.port} answers the host itself: whether others can reach it is not seen from here`;
    return ordered(seen.greeted ? [answers('local', 'hint', text), ...rest] : seen.findings);
  }
  if (seen.refused && port.optional) return [answers('local', 'pass', 'closed: nobody can log in in clear here')];
  return [answers('local', 'fail', seen.refused ? `nothing listens on ${port.port}` : `no connection (${seen.why})`)];
}

const blocked = (port: Port) => (port.port === 25 ? ', a network that lets no mail out' : '');

function onlyInside(port: Port, outside: Look): string {
  if (outside.connected) {
    const why = outside.findings.find((one) => one.status === 'fail')?.text ?? 'no greeting';
    return `${port.port} does not serve connections from here (${why}), but does those of the host itself: a filter or proxy on the way?`;
  }
  if (outside.refused)
    return `${port.port} listens but refuses connections from here: a firewall that rejects, or a service bound to an inner address only? Looked at through SSH`;
  return `${port.port} listens but is not reachable from here (${outside.why}): a firewall${blocked(port)}? Looked at through SSH`;
}

async function look(port: Port, dial: Dial, via: Finding['via'], probe: Ahead): Promise<Look> {
  let stream: Duplex;
  try {
    stream = await connect(dial, port.port, probe);
  } catch (error) {
    const { code = '' } = error as { code?: string };
    const refused = REFUSED.includes(code);
    return { connected: false, greeted: false, refused, why: reason(error) };
  }
  const findings: Finding[] = [];
  const { localAddress, remoteAddress } = stream as Partial<Socket>;
  // Dovecot, too, treats two equal addresses as a connection from the host itself.
  const local = via !== 'direct' || (localAddress !== undefined && localAddress === remoteAddress);
  const again = () => connect(dial, port.port, probe);
  const { greeted, misnamed } = await converse(stream, port, { ...probe, local, again }, (check, status, text) => {
    const told = port.own && status === 'fail' && checkOf({ check })?.warnsOnOwn;
    const finding = { port: port.port, check, via } as const;
    findings.push(
      told
        ? { ...finding, status: 'warn', text: `${text}; this service is your own, and nothing here changes it` }
        : { ...finding, status, text },
    );
  });
  if (!misnamed) return { connected: true, greeted, findings };
  const { wanted, timeout, user } = probe;
  return look(port, dial, via, { wanted, timeout, ...(user && { user }) });
}

async function connect(dial: Dial, port: number, { timeout, wanted }: Ahead): Promise<Duplex> {
  const giveUp = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' }));
      giveUp.abort();
    }, timeout);
    wanted.catch((error: unknown) => {
      reject(error instanceof Error ? error : new Error(String(error)));
      giveUp.abort();
    });
  });
  const dialled = (async () => dial(port, giveUp.signal))();
  try {
    return await Promise.race([dialled, late]);
  } catch (error) {
    // Do not leave open a connection that succeeds too late.
    dialled.then(
      (stream) => stream.on('error', () => {}).destroy(),
      () => {},
    );
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const ORDER: readonly string[] = CHECKS.map((check) => check.id);
const ordered = (findings: readonly Finding[]) =>
  [...findings].sort((a, b) => ORDER.indexOf(a.check) - ORDER.indexOf(b.check));
