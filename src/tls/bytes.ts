/** Reads and writes the length-prefixed vectors of TLS (RFC 8446 §3). */

/** The bytes are not TLS, or break its format. This module throws no other error. */
export class TlsFormatError extends Error {
  override readonly name = 'TlsFormatError';
}

/** Reads from the front; throws TlsFormatError if there are not enough bytes. */
export class Reader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** An unsigned number of `size` bytes, 1 to 3. */
  number(size: 1 | 2 | 3): number {
    return this.take(size).readUIntBE(0, size);
  }

  take(length: number): Buffer {
    if (length > this.left) throw new TlsFormatError(`ends ${length - this.left} bytes too early`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A vector, preceded by its length in `size` bytes. */
  vector(size: 1 | 2 | 3): Buffer {
    return this.take(this.number(size));
  }

  /** Throws if bytes are left. */
  end(): void {
    if (this.left > 0) throw new TlsFormatError(`has ${this.left} bytes after its end`);
  }
}

export function uint(value: number, size: 1 | 2 | 3): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}

/** The bytes, preceded by their length in `size` bytes. */
export function vector(size: 1 | 2 | 3, ...parts: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([uint(bytes.length, size), bytes]);
}

export function uints(values: readonly number[], size: 1 | 2): Buffer {
  return Buffer.concat(values.map((value) => uint(value, size)));
}
