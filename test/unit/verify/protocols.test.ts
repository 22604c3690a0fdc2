import assert from 'node:assert/strict';
import fc from 'fast-check';
import { imap } from '../../../src/mail/imap.ts';
import { pop3 } from '../../../src/mail/pop3.ts';
import type { Protocol } from '../../../src/mail/protocol.ts';
import { show } from '../../../src/formats/text/show.ts';
import { smtp } from '../../../src/mail/smtp.ts';
import type { Wire } from '../../../src/mail/wire.ts';
import { ProtocolError } from '../../../src/mail/wire.ts';

/** A wire that reads from a list, and says so when there is no more. */
function scripted(lines: readonly string[]): Wire {
  const left = [...lines];
  return {
    send: () => {},
    line: async () => {
      const line = left.shift();
      if (line === undefined) throw new ProtocolError('closed');
      return line;
    },
    leftover: () => '',
    secure: () => Promise.reject(new Error('not here')),
    release: () => {
      throw new Error('not here');
    },
    close: () => {},
  };
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = { smtp, imap, pop3 };

// Lines that look like the protocols', so that the parsers are reached, and lines that do not.
const words = [
  '220',
  '250',
  '250-',
  '250 ',
  '334',
  'hm',
  'OK',
  'NO',
  'BAD',
  '*',
  '+',
  '+OK',
  '-ERR',
  'CAPABILITY',
  'AUTH',
  'AUTH=',
  'PLAIN',
  'SASL',
  'USER',
  '.',
  ' ',
];
const line = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((some) => some.join('')),
  fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((some) => some.join(' ')),
);

describe('verify: protocols', () => {
  for (const [name, protocol] of Object.entries(PROTOCOLS))
    it(`${name}: any answer is read or refused without a crash`, () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(line, { maxLength: 8 }),
          fc.constantFrom('greet', 'offer', 'tryPlain', 'startTls', 'login'),
          async (lines, step) => {
            try {
              await protocol[step as 'greet'](scripted(lines));
            } catch (error) {
              assert.ok(error instanceof ProtocolError, String(error));
            }
          },
        ),
        { numRuns: 500 },
      ));

  it('smtp: AUTH is found in each spelling, and only as a keyword', async () => {
    const offer = await smtp.offer(
      scripted([
        '250-auth.example.test AUTH PLAIN',
        '250-auth plain  login',
        '250-AUTH=LOGIN',
        '250-XAUTH DIGEST',
        '250 AUTH',
      ]),
    );
    assert.deepEqual(offer, {
      starttls: false,
      mechanisms: ['PLAIN', 'LOGIN'],
      legacy: ['LOGIN'],
      plain: ['AUTH PLAIN  LOGIN', 'AUTH=LOGIN', 'AUTH'],
      words: ['auth plain  login', 'AUTH=LOGIN', 'XAUTH DIGEST', 'AUTH'],
    });
  });

  it('imap: capabilities may be among other untagged lines', async () => {
    const offer = await imap.offer(
      scripted(['* OK hello', '* capability imap4rev1 starttls auth=plain logindisabled', 'hm OK']),
    );
    assert.deepEqual(offer, {
      starttls: true,
      mechanisms: ['PLAIN'],
      legacy: [],
      plain: ['AUTH=PLAIN'],
      words: ['IMAP4REV1', 'STARTTLS', 'AUTH=PLAIN', 'LOGINDISABLED'],
    });
  });

  it('pop3: an empty SASL line offers nothing', async () => {
    const offer = await pop3.offer(scripted(['+OK', 'SASL', 'STLS', '.']));
    assert.deepEqual(offer, { starttls: true, mechanisms: [], legacy: [], plain: [], words: ['SASL', 'STLS'] });
  });
});

describe('verify: show', () => {
  it('the text is printable ASCII of limited length', () => {
    assert.equal(show('a\x1b[31m\u202e\xe9\r\n'), 'a\\x1b[31m\\u202e\\xe9\\x0d\\x0a');
    assert.equal(show('x'.repeat(500)).length, 160);
  });
});
