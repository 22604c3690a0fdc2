/** Parses a server's answer to a ClientHello as it arrives, as far as it is not encrypted. */
import { Reader, TlsFormatError } from './bytes.ts';
import { readCertificates, readKeyExchange, readServerHello, type KeyExchange, type ServerHello } from './messages.ts';

/** The server's complete answer to a ClientHello. */
export type Answer =
  | {
      readonly kind: 'hello';
      readonly hello: ServerHello;
      /** DER, as sent: the server's own first. Empty if none was sent, and in TLS 1.3. */
      readonly certificates: readonly Buffer[];
      /** Null if the suite sends none (RSA), and in TLS 1.3. */
      readonly exchange: KeyExchange | null;
    }
  | { readonly kind: 'alert'; readonly description: number };

const [ALERT, HANDSHAKE] = [21, 22];
/** Limits, in bytes: of a record (RFC 5246 §6.2.3), and of all that a server may send before its answer is complete. */
const LARGEST_RECORD = 16384 + 2048;
const LARGEST_FLIGHT = 1 << 18;

/** Takes bytes as they arrive. Throws TlsFormatError if they are not TLS; buffers at most LARGEST_FLIGHT. */
export class Flight {
  private raw: Buffer = Buffer.alloc(0);
  private messages: Buffer = Buffer.alloc(0);
  private hello: ServerHello | null = null;
  private certificates: readonly Buffer[] = [];
  private exchange: KeyExchange | null = null;
  private seen = 0;

  /** The answer once it is complete; null while more is to come. */
  push(chunk: Buffer): Answer | null {
    this.seen += chunk.length;
    if (this.seen > LARGEST_FLIGHT) throw new TlsFormatError('does not end');
    this.raw = Buffer.concat([this.raw, chunk]);
    for (;;) {
      const record = this.nextRecord();
      if (!record) return null;
      const answer = record.type === ALERT ? this.alert(record.body) : this.handshake(record.body);
      if (answer) return answer;
    }
  }

  private nextRecord(): { type: number; body: Buffer } | null {
    const { raw } = this;
    const [type, major] = [raw[0], raw[1]];
    if (type !== undefined && type !== ALERT && type !== HANDSHAKE) throw new TlsFormatError('is not TLS');
    if (major !== undefined && major !== 3) throw new TlsFormatError('is not TLS');
    if (raw.length < 5 || type === undefined) return null;
    const length = raw.readUInt16BE(3);
    if (length === 0 || length > LARGEST_RECORD) throw new TlsFormatError(`has a record of ${length} bytes`);
    if (raw.length < 5 + length) return null;
    this.raw = raw.subarray(5 + length);
    return { type, body: raw.subarray(5, 5 + length) };
  }

  private alert(body: Buffer): Answer | null {
    const reader = new Reader(body);
    const [level, description] = [reader.number(1), reader.number(1)];
    reader.end();
    // A warning, such as "unrecognized name" (RFC 6066), is not the answer yet.
    return level === 1 && description !== 0 ? null : { kind: 'alert', description };
  }

  private handshake(body: Buffer): Answer | null {
    this.messages = this.messages.length === 0 ? body : Buffer.concat([this.messages, body]);
    while (this.messages.length >= 4) {
      const length = this.messages.readUIntBE(1, 3);
      if (length > LARGEST_FLIGHT) throw new TlsFormatError(`has a message of ${length} bytes`);
      if (this.messages.length < 4 + length) return null;
      const [type = 0] = this.messages;
      const message = this.messages.subarray(4, 4 + length);
      this.messages = this.messages.subarray(4 + length);
      if (this.message(type, message)) return this.whole();
    }
    return null;
  }

  /** True when the server has sent everything that is not encrypted. */
  private message(type: number, body: Buffer): boolean {
    const { hello } = this;
    if (type === 2 && !hello) {
      this.hello = readServerHello(body);
      return this.hello.version === 'TLS 1.3';
    }
    if (!hello) throw new TlsFormatError(`sends message ${type} before its hello`);
    if (type === 11) this.certificates = readCertificates(body);
    else if (type === 12) this.exchange = readKeyExchange(body, hello);
    else if (type === 14) return true;
    else if (type !== 13 && type !== 22 && type !== 4)
      throw new TlsFormatError(`sends message ${type} in the middle of its hello`);
    return false;
  }

  private whole(): Answer {
    const { hello, certificates, exchange } = this;
    if (!hello) throw new TlsFormatError('has no hello');
    return { kind: 'hello', hello, certificates, exchange };
  }
}
