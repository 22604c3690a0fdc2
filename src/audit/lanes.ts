/** So many at a time, first come, first served. */
export class Lanes {
  limit: number;
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  async enter(): Promise<void> {
    while (this.active >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.active++;
  }

  leave(): void {
    this.active--;
    this.waiting.shift()?.();
  }
}
