import { setTimeout as sleep } from 'node:timers/promises';
import { Limiter } from '../concurrency/limiter.ts';

/** The server does not serve this client, or not now: refused, closed, or rejected with a reply. The message suits a finding. */
export class TurnedAway extends Error {
  override readonly name = 'TurnedAway';
}

/** Connections to one port at a time: below what Postfix (50), Exim and others allow one client. */
export const AT_A_TIME = 3;
/** Seconds to wait when a port that served this client no longer does. */
const PAUSES = [1, 5, 15];

/**
 * Limits the connections to one port: few at a time, and one at a time, with pauses, once the server refuses. If that does not
 * help, the gate stays shut, and the remaining questions have no answer.
 */
export class Gate {
  /** Connections that the server served. */
  connections = 0;
  /** Why the gate is shut; empty while it is open. */
  shut = '';
  /** Versions whose hellos got no answer. */
  readonly unanswered = new Set<string>();
  private readonly limiter: Limiter;
  private pauses = 0;
  private pause: Promise<void> = Promise.resolve();
  private readonly second: number;

  /**
   * @param limiter shared by the ports of one service: Dovecot's login service serves its first port first, so connections to
   * its second port would wait until the audit of the first ends
   * @param second milliseconds for each second of a pause
   */
  constructor(limiter = new Limiter(AT_A_TIME), second = 1000) {
    this.limiter = limiter;
    this.second = second;
  }

  /** Runs the work of one connection. Throws TurnedAway if the server still refuses after all retries. */
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
        // If several are turned away at once, only one counts.
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
