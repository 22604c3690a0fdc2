import { setTimeout as sleep } from 'node:timers/promises';
import { Lanes } from './lanes.ts';

/** The server does not serve us, or not now: refused, closed, or turned away with words. Fit for a finding. */
export class TurnedAway extends Error {
  override readonly name = 'TurnedAway';
}

/** Connections to one port at a time: below what Postfix (50), Exim and others allow one client. */
export const AT_A_TIME = 3;
/** Seconds to wait when a port that served us no longer does. */
const PAUSES = [1, 5, 15];

/**
 * The way to one port: few connections at a time, and fewer, with pauses, once the server has had enough of us. When that
 * does not help it stays shut, and what was not asked until then is not known.
 */
export class Gate {
  /** Connections that the server served. */
  connections = 0;
  /** Why there are no more; empty as long as there are. */
  shut = '';
  /** What was asked about and not answered at all. */
  readonly unanswered = new Set<string>();
  private readonly lanes: Lanes;
  private pauses = 0;
  private pause: Promise<void> = Promise.resolve();
  private readonly second: number;

  /**
   * @param lanes shared by ports that one service answers: a login service of Dovecot looks at its first port first, and
   * who waits at its second would not be heard as long as we are busy at the first
   * @param second milliseconds that a second of pause lasts
   */
  constructor(lanes = new Lanes(AT_A_TIME), second = 1000) {
    this.lanes = lanes;
    this.second = second;
  }

  /** Carries out one connection's work. Throws TurnedAway when the server does not serve us, after all patience. */
  async through<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      await this.lanes.enter();
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
        this.lanes.leave();
      }
    }
  }

  private backOff(error: TurnedAway): void {
    const seconds = PAUSES[this.pauses++];
    this.lanes.limit = 1;
    // Who has never been let in waits for nothing.
    if (seconds === undefined || this.connections === 0) this.shut = error.message;
    else this.pause = sleep(seconds * this.second);
  }
}
