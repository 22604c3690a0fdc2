/** The reader of what servers answer: whole or byte by byte, it gives the same, and on anything else it gives its one error. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TlsFormatError, uint, uints, vector } from '../../../src/tls/bytes.ts';
import { Flight, type Answer } from '../../../src/tls/flight.ts';
import { clientHello } from '../../../src/tls/hello.ts';
import { VERSION_NAMES } from '../../../src/tls/suite-names.ts';

const record = (type: number, body: Buffer): Buffer => Buffer.concat([uint(type, 1), uint(0x0303, 2), vector(2, body)]);
const message = (type: number, body: Buffer): Buffer => Buffer.concat([uint(type, 1), vector(3, body)]);
const serverHello = (suite: number, ...extensions: Buffer[]): Buffer =>
  message(
    2,
    Buffer.concat([
      ...[uint(0x0303, 2), Buffer.alloc(32, 7), vector(1), uint(suite, 2), uint(0, 1)],
      ...(extensions.length > 0 ? [vector(2, ...extensions)] : []),
    ]),
  );
const extension = (type: number, body: Buffer): Buffer => Buffer.concat([uint(type, 2), vector(2, body)]);
const certificate = message(11, vector(3, vector(3, Buffer.from('leaf')), vector(3, Buffer.from('issuer'))));
const curve = message(12, Buffer.concat([uint(3, 1), uint(29, 2), vector(1, Buffer.alloc(32)), Buffer.alloc(70)]));
const prime = message(12, Buffer.concat([vector(2, Buffer.from('00ff01', 'hex')), vector(2, uint(2, 1)), vector(2)]));
const done = message(14, Buffer.alloc(0));

function read(bytes: Buffer, size = bytes.length): Answer | null {
  const flight = new Flight();
  for (let at = 0; at < bytes.length; at += size) {
    const answer = flight.push(bytes.subarray(at, at + size));
    if (answer) return answer;
  }
  return null;
}

const GOOD: Readonly<Record<string, readonly [Buffer, (answer: Answer) => void]>> = {
  'a whole flight in one record': [
    record(22, Buffer.concat([serverHello(0xc02f, extension(0xff01, uint(0, 1))), certificate, curve, done])),
    (answer) => {
      assert.ok(answer.kind === 'hello');
      assert.deepEqual([answer.hello.version, answer.hello.suite], ['TLS 1.2', 0xc02f]);
      assert.deepEqual(answer.certificates.map(String), ['leaf', 'issuer']);
      assert.deepEqual(answer.exchange, { kind: 'curve', group: 29 });
      assert.ok(answer.hello.extensions.has(0xff01));
    },
  ],
  'one message for each record, with a prime': [
    Buffer.concat([serverHello(0x9e), certificate, prime, done].map((one) => record(22, one))),
    (answer) => {
      assert.ok(answer.kind === 'hello' && answer.exchange?.kind === 'dh');
      assert.equal(answer.exchange.bits, 16);
    },
  ],
  'a message over two records': [
    Buffer.concat([
      record(22, serverHello(0x2f).subarray(0, 9)),
      record(22, Buffer.concat([serverHello(0x2f).subarray(9), done])),
    ]),
    (answer) => assert.ok(answer.kind === 'hello' && answer.exchange === null),
  ],
  'the chosen group of TLS 1.3 and nothing behind it': [
    record(22, serverHello(0x1301, extension(43, uint(0x0304, 2)), extension(51, uint(0x001d, 2)))),
    (answer) => {
      assert.ok(answer.kind === 'hello');
      assert.deepEqual([answer.hello.version, answer.hello.group], ['TLS 1.3', 29]);
    },
  ],
  'a warning before the hello, which is not the answer': [
    Buffer.concat([record(21, uints([1, 112], 1)), record(22, Buffer.concat([serverHello(0x2f), done]))]),
    (answer) => assert.equal(answer.kind, 'hello'),
  ],
  'an alert': [record(21, uints([2, 40], 1)), (answer) => assert.deepEqual(answer, { kind: 'alert', description: 40 })],
};

const BAD: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
  'words in the clear': [Buffer.from('220 mx ESMTP\r\n'), /is not TLS/],
  'SSL 2': [Buffer.from('802e0100020015000000100100800200', 'hex'), /is not TLS/],
  'an empty record': [record(22, Buffer.alloc(0)), /a record of 0 bytes/],
  'a record that is too long': [Buffer.from('160303ffff', 'hex'), /a record of 65535 bytes/],
  'a message that is too long': [record(22, Buffer.from('02ffffff', 'hex')), /a message of 16777215 bytes/],
  'a certificate before the hello': [record(22, certificate), /message 11 before its hello/],
  'a truncated hello': [record(22, message(2, Buffer.alloc(10))), /ends 24 bytes too early/],
  'an unknown version': [
    record(22, message(2, Buffer.concat([uint(0x0305, 2), Buffer.alloc(32), vector(1), uint(1, 2), uint(0, 1)]))),
    /a version 0x305/,
  ],
  'a hello with more than its fields': [
    record(22, message(2, Buffer.concat([serverHello(1).subarray(4), extension(0, Buffer.alloc(0)), uint(0, 1)]))),
    /after its end|too early/,
  ],
  'a truncated chain': [record(22, Buffer.concat([serverHello(1), message(11, vector(3, uint(9, 3)))])), /too early/],
};

describe('tls: the answer of a server', () => {
  for (const [name, [bytes, check]] of Object.entries(GOOD))
    it(`the reader accepts ${name}`, () => {
      for (const size of [bytes.length, 1, 3]) {
        const answer = read(bytes, size);
        assert.ok(answer);
        check(answer);
      }
    });

  for (const [name, [bytes, words]] of Object.entries(BAD))
    it(`the reader refuses ${name}`, () => {
      for (const size of [bytes.length, 1])
        assert.throws(
          () => read(bytes, size),
          (error) => error instanceof TlsFormatError && words.test(error.message),
        );
    });

  it('the reader stops after a quarter of a megabyte with an error', () => {
    const flight = new Flight();
    const noise = record(22, Buffer.concat([serverHello(0xc02f), message(11, vector(3))]));
    assert.equal(flight.push(noise), null);
    const more = record(22, message(11, vector(3, vector(3, Buffer.alloc(16000)))));
    assert.throws(() => {
      for (let n = 0; n < 100; n++) flight.push(more);
    }, /does not end/);
  });

  it('any bytes give an answer, an incomplete state or TlsFormatError', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      // A good flight with some bytes changed, so that the readers inside are reached.
      fc
        .tuple(
          fc.constantFrom(...Object.values(GOOD).map(([one]) => one)),
          fc.array(fc.tuple(fc.nat(200), fc.nat(255))),
        )
        .map(([good, changes]) => {
          const copy = Buffer.from(good);
          for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
          return copy;
        }),
    );
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 50 }), (some, size) => {
        try {
          read(Buffer.from(some), size);
        } catch (error) {
          assert.ok(error instanceof TlsFormatError, String(error));
        }
      }),
      { numRuns: Number(process.env['HARDEN_MAIL_RUNS'] ?? 2000) },
    );
  });

  it('the answer is the same however the bytes are split', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(GOOD)), fc.integer({ min: 1, max: 200 }), ([bytes], size) => {
        assert.deepEqual(read(bytes, size), read(bytes));
      }),
    );
  });
});

describe('tls: the hello of a client', () => {
  it('the records are never longer than the standard allows', () => {
    const suites = fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 12_000 });
    fc.assert(
      fc.property(
        fc.constantFrom(...VERSION_NAMES),
        suites,
        fc.string({ maxLength: 100 }),
        (version, ids, servername) => {
          const bytes = clientHello({ version, suites: ids, random: Buffer.alloc(32), servername });
          let at = 0;
          while (at < bytes.length) {
            assert.deepEqual([bytes[at], bytes[at + 1]], [22, 3]);
            const length = bytes.readUInt16BE(at + 3);
            assert.ok(length > 0 && length <= 16384);
            at += 5 + length;
          }
          assert.equal(at, bytes.length);
        },
      ),
      { numRuns: 200 },
    );
  });
});
