/** Measures how long each port of the copy does not answer: a connection to each, five times a second, up to the greeting. */
import { connect } from 'node:net';
import { connect as secure } from 'node:tls';
import { MAIL_PORTS, type Outage } from '../model/index.ts';

export interface Prober {
  /** The outages since the last call, of ports that answered before; a port that still does not answer counts up to now. */
  take(): Outage[];
  stop(): void;
}

/** Milliseconds between two connections. */
const EVERY = 200;
/** Milliseconds after which a server that accepts a connection and says nothing counts as out. */
const PATIENCE = 5000;
/** Milliseconds after which the wait for a greeting is an outage. */
const SLOW = 2000;
/** An outage shorter than this is one connection that came too early. */
const SHORTEST = 0.15;

export function startProber(address: string, ports: readonly number[]): Prober {
  const watches = ports.map((port) => new Watch(port));
  const look = async (watch: Watch): Promise<void> => {
    if (watch.busy) return;
    watch.busy = true;
    const began = performance.now();
    const seen = await contact(address, watch.port, watch.greets !== false);
    watch.greets ??= seen === 'nothing' ? null : seen === 'greeting';
    const isUp = seen === 'greeting' || (seen === 'connection' && watch.greets === false);
    const now = performance.now();
    if (!isUp || now - began > SLOW) watch.seen(false, began);
    if (isUp) watch.seen(true, now);
    watch.busy = false;
  };
  const timer = setInterval(() => watches.forEach((watch) => void look(watch)), EVERY);
  timer.unref();
  return {
    take: () => watches.flatMap((watch) => watch.take()),
    stop: () => clearInterval(timer),
  };
}

/**
 * How far a client gets. The kernel accepts connections for a daemon that does not answer any more, so the first words of the server
 * count, or those of its TLS.
 */
function contact(address: string, port: number, waits: boolean): Promise<'nothing' | 'connection' | 'greeting'> {
  const isImplicit = MAIL_PORTS.some((one) => one.port === port && one.tls === 'implicit');
  return new Promise((resolve) => {
    let seen: 'nothing' | 'connection' = 'nothing';
    const socket = connect({ host: address, port });
    const done = (what: 'nothing' | 'connection' | 'greeting'): void => {
      for (const one of [socket, tls]) one?.removeAllListeners().on('error', () => {});
      socket.destroy();
      clearTimeout(timer);
      resolve(what);
    };
    const timer = setTimeout(() => done(seen), PATIENCE);
    const tls = waits && isImplicit ? secure({ socket, rejectUnauthorized: false }) : null;
    socket.once('connect', () => {
      seen = 'connection';
      if (!waits) done(seen);
    });
    if (!isImplicit) socket.once('data', () => done('greeting'));
    tls?.once('secureConnect', () => done('greeting'));
    for (const one of [socket, tls]) one?.once('error', () => done(seen)).once('close', () => done(seen));
  });
}

/** One port: the time since it answered last. */
export class Watch {
  busy = false;
  /** The server speaks first, or its TLS answers; false where it waits for a word of the client (PROXY). Null: it is not known yet. */
  greets: boolean | null = null;
  private answered = false;
  private since: number | null = null;
  private lost = 0;

  readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  /** @param at milliseconds */
  seen(answers: boolean, at: number): void {
    if (answers) {
      if (this.since !== null) this.lost += at - this.since;
      this.since = null;
      this.answered = true;
    } else if (this.answered) this.since ??= at;
  }

  take(now = performance.now()): Outage[] {
    const open = this.since === null ? 0 : now - this.since;
    const seconds = Math.round((this.lost + open) / 100) / 10;
    this.lost = 0;
    if (this.since !== null) this.since = now;
    return seconds < SHORTEST ? [] : [{ port: this.port, seconds }];
  }
}
