/** Measures how long each port of the copy does not answer: a connection to each, five times a second. */
import { connect } from 'node:net';
import type { Outage } from '../model/index.ts';

export interface Prober {
  /** The outages since the last call, of ports that answered before; a port that still does not answer counts up to now. */
  take(): Outage[];
  stop(): void;
}

/** Milliseconds between two connections. */
const EVERY = 200;
/** An outage shorter than this is one connection that came too early. */
const SHORTEST = 0.15;

export function startProber(address: string, ports: readonly number[]): Prober {
  const watches = ports.map((port) => new Watch(port));
  const look = (watch: Watch): void => {
    if (watch.busy) return;
    watch.busy = true;
    const began = performance.now();
    const socket = connect({ host: address, port: watch.port });
    const done = (answers: boolean): void => {
      watch.busy = false;
      watch.seen(answers, began);
      socket.removeAllListeners().on('error', () => {});
      socket.destroy();
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.setTimeout(2000, () => done(false));
  };
  const timer = setInterval(() => watches.forEach(look), EVERY);
  timer.unref();
  return {
    take: () => watches.flatMap((watch) => watch.take()),
    stop: () => clearInterval(timer),
  };
}

/** One port: the time since it answered last. */
export class Watch {
  busy = false;
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
