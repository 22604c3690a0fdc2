import type { Case } from './cases.ts';
import { onLine, runCases } from './cases.ts';

const soon = () => ({ timeout: 200 });

const CASES: readonly Case[] = [
  ...[25, 110, 143].flatMap((port): Case[] => [
    {
      name: `${port} says nothing`,
      port,
      change: () => ({ greeting: null }),
      target: soon,
      expected: [['answers', 'fail', /said nothing more for 0\.2 s/]],
      passes: [],
    },
    {
      name: `${port} hangs up`,
      port,
      change: () => ({ greeting: 'close' }),
      expected: [['answers', 'fail', /clos/]],
      passes: [],
    },
    {
      name: `${port} speaks HTTP, with control characters`,
      port,
      change: () => ({ greeting: 'HTTP/1.1 400 \x1b]0;gotcha\x07\u0085\r\n' }),
      expected: [['answers', 'fail', /^this is not \w+: "HTTP\/1\.1 400 \\x1b]0;gotcha\\x07\\x85"$/]],
      passes: [],
    },
    {
      name: `${port} sends a line without end`,
      port,
      change: () => ({ greeting: 'x'.repeat(200_000) }),
      expected: [['answers', 'fail', /a line that does not end/]],
      passes: [],
    },
  ]),
  {
    name: '25 is too busy',
    port: 25,
    change: () => ({ greeting: '421 4.7.0 mx.example.test Error: too many connections\r\n' }),
    expected: [['answers', 'fail', /^turns us away: "421 4\.7\.0/]],
    passes: [],
  },
  {
    name: '25 sends an answer without end',
    port: 25,
    change: onLine('EHLO', '250-x\r\n'.repeat(1000)),
    expected: [['no-plain-login', 'fail', /does not stop talking/]],
    passes: ['answers'],
  },
  {
    name: '25 goes silent after EHLO',
    port: 25,
    change: onLine('EHLO', null),
    target: soon,
    expected: [['no-plain-login', 'fail', /said nothing more/]],
    passes: ['answers'],
  },
  {
    name: '143 says BYE',
    port: 143,
    change: () => ({ greeting: '* BYE too many connections\r\n' }),
    expected: [['answers', 'fail', /turns us away: "\* BYE too many connections"/]],
    passes: [],
  },
  {
    name: '993 says nothing inside TLS',
    port: 993,
    change: () => ({ greeting: null }),
    target: soon,
    expected: [['answers', 'fail', /said nothing more/]],
    passes: ['tls', 'certificate-served', 'certificate-name', 'certificate-validity', 'certificate-trust'],
  },
];

describe('verify: servers that misbehave', () => runCases(CASES));
