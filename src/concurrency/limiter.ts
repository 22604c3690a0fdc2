/** At most `limit` holders at a time, in the order in which they came. The limit may change while some wait. */
export class Limiter {
  limit: number;
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Holders at present. */
  get used(): number {
    return this.active;
  }

  /** Nobody holds a place, and nobody waits for one. */
  get isIdle(): boolean {
    return this.active === 0 && this.waiting.length === 0;
  }

  /** Resolves when there is a place, with a function that gives it back; it may be called more than once. */
  async enter(): Promise<() => void> {
    if (this.active < this.limit) this.active += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve)); // `next` counts the place as taken
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.active -= 1;
      this.next();
    };
  }

  private next(): void {
    while (this.active < this.limit && this.waiting.length > 0) {
      this.active += 1;
      this.waiting.shift()?.();
    }
  }
}
