import { setTimeout as sleep } from 'node:timers/promises';
import { Limiter } from '../concurrency/limiter.ts';

/** The server does not serve us, or not now: refused, closed, or turned away with words. Fit for a finding. */
export class TurnedAway extends Error {
  override readonly name = 'TurnedAway';
}

/** Connections to one port at a time: below what Postfix (50), Exim and others allow one client. */
export const AT_A_TIME = 3;
/** Seconds to wait when a port that served us no longer does. */
const PAUSES = [1, 5, 15];

/**
 * Connections to one port: few at a time, and one at a time, with pauses, once the server refuses us. When that does not help,
 * the gate stays shut, and the remaining questions have no answer.
 */
export class Gate {
  /** Connections that the server served. */
  connections = 0;
  /** Why there are no more; empty as long as there are. */
  shut = '';
  /** What was asked about and not answered at all. */
  readonly unanswered = new Set<string>();
  private readonly limiter: Limiter;
  private pauses = 0;
  private pause: Promise<void> = Promise.resolve();
  private readonly second: number;

  /**
   * @param limiter shared by the ports of one service: a login service of Dovecot serves its first port first, so connections
   * to its second port would wait as long as we are busy at the first
   * @param second milliseconds that a second of pause lasts
   */
  constructor(limiter = new Limiter(AT_A_TIME), second = 1000) {
    this.limiter = limiter;
    this.second = second;
  }

  /** Carries out one connection's work. Throws TurnedAway when the server does not serve us, after all patience. */
  async through<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      const release = await this.limiter.enter();
      const round = this.pauses;
      try {
        await this.pause;
        if (this.shut !== '') throw new TurnedAway(this.shut);
        const done = await work();
        this.connections++;
        return done;
      } catch (error) {
        if (!(error instanceof TurnedAway) || this.shut !== '') throw error;
        // Of several that are turned away at once, one counts.
        if (round === this.pauses) this.backOff(error);
      } finally {
        release();
      }
    }
  }

  private backOff(error: TurnedAway): void {
    const seconds = PAUSES[this.pauses++];
    this.limiter.limit = 1;
    // If no connection ever succeeded, waiting will not help.
    if (seconds === undefined || this.connections === 0) this.shut = error.message;
    else this.pause = sleep(seconds * this.second);
  }
}
