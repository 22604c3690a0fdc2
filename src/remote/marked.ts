/**
 * One output of a script on the host: start-up noise, the mark, the script's bytes, the mark again with the exit status. Each byte
 * is looked at once, whatever the size of the chunks, so a host that floods an output costs no more than the bytes that it sends.
 */
export interface Marked {
  /** Takes a chunk; true if it completed the first mark. */
  push(chunk: Buffer): boolean;
  seen(): boolean;
  /** The exit status, once the second mark has arrived. */
  code(): number | undefined;
  /** The bytes before the first mark. */
  noise(): Buffer;
  noiseLength(): number;
  data(): Buffer;
}

/** The length of a space, an exit status and a line end. */
const STATUS_LENGTH = 5;

/** @param mark letters and digits */
export function afterMark(mark: string, onOutput?: (chunk: Buffer) => void): Marked {
  const line = Buffer.from(`${mark}\n`);
  const noise = new Bytes();
  const data = new Bytes();
  let seen = false;
  let code: number | undefined;
  /** The last bytes, which may be the beginning of a mark. */
  let pending: Buffer = Buffer.alloc(0);

  const awaitFirst = (bytes: Buffer): boolean => {
    const at = bytes.indexOf(line);
    seen = at >= 0;
    const end = seen ? at : Math.max(0, bytes.length - line.length + 1);
    noise.add(bytes.subarray(0, end));
    pending = Buffer.from(bytes.subarray(end));
    return seen;
  };
  const awaitSecond = (bytes: Buffer): void => {
    const { at, status } = secondMark(mark, bytes);
    code = status;
    pending = Buffer.from(bytes.subarray(at));
    if (at === 0) return;
    data.add(bytes.subarray(0, at));
    onOutput?.(bytes.subarray(0, at));
  };

  return {
    push(chunk) {
      if (code !== undefined) return false;
      const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      if (seen) {
        awaitSecond(bytes);
        return false;
      }
      if (!awaitFirst(bytes)) return false;
      awaitSecond(pending.subarray(line.length));
      return true;
    },
    seen: () => seen,
    code: () => code,
    noise: () => (seen ? noise.whole() : Buffer.concat([noise.whole(), pending])),
    noiseLength: () => noise.length + (seen ? 0 : pending.length),
    data: () => data.whole(),
  };
}

/** Where the second mark begins, with its exit status; without it, where its beginning at the end of the bytes may be. */
function secondMark(mark: string, bytes: Buffer): { readonly at: number; readonly status?: number } {
  for (let from = 0; ; from += 1) {
    const at = beginningOf(mark, bytes, from);
    const status = /^\w+ (\d{1,3})\n/.exec(bytes.toString('latin1', at, at + mark.length + STATUS_LENGTH))?.[1];
    if (status !== undefined) return { at, status: Number(status) };
    if (bytes.length - at < mark.length + STATUS_LENGTH) return { at };
    from = at; // The script itself printed the mark.
  }
}

/** Where the mark begins in the bytes, or its beginning at their end; the length of the bytes without any of it. */
function beginningOf(mark: string, bytes: Buffer, from: number): number {
  const whole = bytes.indexOf(mark, from);
  if (whole >= 0) return whole;
  for (let at = Math.max(from, bytes.length - mark.length + 1); at < bytes.length; at += 1) {
    if (mark.startsWith(bytes.toString('latin1', at))) return at;
  }
  return bytes.length;
}

const BLOCK = 64 * 1024;

/** Collects chunks. Small ones are copied together, so a million chunks of one byte take a megabyte. */
class Bytes {
  length = 0;
  private readonly full: Buffer[] = [];
  private block = Buffer.alloc(0);
  private used = 0;

  add(chunk: Buffer): void {
    this.length += chunk.length;
    if (this.used + chunk.length > this.block.length) this.flush(chunk.length < BLOCK / 4 ? BLOCK : 0);
    if (this.block.length === 0) this.full.push(chunk);
    else this.used += chunk.copy(this.block, this.used);
  }

  whole(): Buffer {
    return Buffer.concat([...this.full, this.block.subarray(0, this.used)]);
  }

  private flush(next: number): void {
    if (this.used > 0) this.full.push(this.block.subarray(0, this.used));
    this.block = Buffer.alloc(next);
    this.used = 0;
  }
}
