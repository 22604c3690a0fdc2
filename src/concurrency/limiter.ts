/** At most `limit` holders at a time, in order of arrival. The limit may change while callers wait. */
export class Limiter {
  limit: number;
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  /** The current number of holders. */
  get used(): number {
    return this.active;
  }

  /** True without holders and without waiting callers. */
  get isIdle(): boolean {
    return this.active === 0 && this.waiting.length === 0;
  }

  /** Waits for a free slot. The returned function releases it; it may be called more than once. */
  async enter(): Promise<() => void> {
    if (this.active < this.limit) this.active += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve)); // `next` counts the slot as used
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
