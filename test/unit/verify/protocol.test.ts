import type { Case } from './cases.ts';
import { checksOf, onLine, runCases } from './cases.ts';
import { EHLO_PLAIN, EHLO_SECURE } from './good.ts';

const CASES: readonly Case[] = [
  {
    name: '25 offers AUTH in the clear',
    port: 25,
    change: onLine('EHLO', EHLO_PLAIN.replace('250-STARTTLS', '250-AUTH PLAIN LOGIN\r\n250-STARTTLS')),
    expected: [['no-plain-login', 'fail', /^offers a login in clear: AUTH PLAIN LOGIN$/]],
  },
  {
    name: '25 offers AUTH in the clear, in the old spelling and in small letters',
    port: 25,
    change: onLine('EHLO', EHLO_PLAIN.replace('250-STARTTLS', '250-auth=login\r\n250-STARTTLS')),
    expected: [['no-plain-login', 'fail', /AUTH=LOGIN/]],
  },
  {
    name: '25 offers no STARTTLS',
    port: 25,
    change: onLine('EHLO', EHLO_PLAIN.replace('250-STARTTLS\r\n', '')),
    expected: [['starttls', 'fail', /^does not offer STARTTLS$/]],
    passes: ['answers', 'no-plain-login'],
  },
  {
    name: '25 offers STARTTLS but cannot do it',
    port: 25,
    change: onLine('STARTTLS', '454 4.7.0 TLS not available due to local problem\r\n'),
    expected: [['starttls', 'fail', /refuses it: "454 4\.7\.0 TLS not available due to local problem"/]],
    passes: ['answers', 'no-plain-login'],
  },
  {
    name: '25 sends more words before TLS starts',
    port: 25,
    change: onLine('STARTTLS', ['220 go ahead\r\n250-mx.example.test\r\n250 AUTH PLAIN LOGIN\r\n']),
    expected: [['starttls', 'fail', /says more in the clear after granting STARTTLS: "250-mx/]],
    passes: ['answers', 'no-plain-login'],
  },
  {
    name: '25 offers no AUTH inside TLS (a stock host)',
    port: 25,
    change: onLine('EHLO', EHLO_PLAIN.replace('250-STARTTLS\r\n', ''), true),
    expected: [['auth', 'fail', /^does not offer AUTH PLAIN LOGIN inside TLS, nor any other$/]],
    passes: checksOf(25).filter((id) => !id.startsWith('auth')),
  },
  {
    name: '25 offers only LOGIN inside TLS',
    port: 25,
    change: onLine('EHLO', EHLO_SECURE.replace('AUTH PLAIN LOGIN', 'AUTH LOGIN'), true),
    expected: [['auth', 'fail', /^does not offer AUTH PLAIN inside TLS, only LOGIN$/]],
  },
  {
    name: '25 lacks the old spelling of AUTH',
    port: 25,
    change: onLine('EHLO', EHLO_SECURE.replace('250-AUTH=PLAIN LOGIN\r\n', ''), true),
    expected: [['auth-legacy', 'hint', /old spelling/]],
  },
  {
    name: '25 greets in two lines, as postscreen does',
    port: 25,
    change: () => ({ greeting: '220-mx.example.test ESMTP\r\n220 mx.example.test ESMTP Postfix\r\n' }),
    expected: [],
  },
  {
    name: '25 grants STARTTLS but speaks no TLS',
    port: 25,
    change: onLine('STARTTLS', '220 go ahead\r\n'),
    target: () => ({ timeout: 200 }),
    expected: [['tls', 'fail', /^no TLS session within 0\.2 s$/]],
    passes: ['answers', 'no-plain-login', 'starttls'],
  },
  {
    name: '465 speaks SMTP without TLS',
    port: 465,
    change: () => ({ implicit: false }),
    expected: [['tls', 'fail', /^no TLS session: what answers is not TLS/]],
    passes: [],
  },
  {
    name: '143 offers a login in the clear',
    port: 143,
    change: onLine('CAPABILITY', '* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\nhm OK done\r\n'),
    expected: [['no-plain-login', 'fail', /LOGIN \(no LOGINDISABLED\), AUTH=PLAIN$/]],
  },
  {
    name: '143 says LOGINDISABLED but checks the password',
    port: 143,
    change: onLine('LOGIN', 'hm NO [AUTHENTICATIONFAILED] Authentication failed.\r\n'),
    expected: [['no-plain-login', 'fail', /^takes a login in clear: "NO \[AUTHENTICATIONFAILED\]/]],
  },
  {
    name: '143 says LOGINDISABLED but accepts any login',
    port: 143,
    change: onLine('LOGIN', 'hm OK Logged in\r\n'),
    expected: [['no-plain-login', 'fail', /^takes a login in clear/]],
  },
  {
    name: '143 needs no login',
    port: 143,
    change: () => ({ greeting: '* PREAUTH welcome\r\n' }),
    expected: [['answers', 'fail', /lets everybody in/]],
    passes: [],
  },
  {
    name: '110 offers USER in the clear',
    port: 110,
    change: onLine('CAPA', '+OK\r\nUSER\r\nSTLS\r\nSASL PLAIN\r\n.\r\n'),
    expected: [['no-plain-login', 'fail', /: USER, SASL PLAIN$/]],
  },
  {
    name: '110 hides USER but accepts it',
    port: 110,
    change: onLine('USER', '+OK\r\n'),
    expected: [['no-plain-login', 'fail', /^takes a login in clear: "\+OK"$/]],
  },
  {
    name: '110 does not know CAPA',
    port: 110,
    change: onLine('CAPA', '-ERR unknown command\r\n'),
    expected: [['starttls', 'fail', /^does not offer STLS$/]],
    passes: ['answers', 'no-plain-login'],
  },
  {
    name: '993 does not allow PLAIN',
    port: 993,
    change: onLine('CAPABILITY', '* CAPABILITY IMAP4rev1 AUTH=CRAM-MD5\r\nhm OK done\r\n', true),
    expected: [['auth', 'fail', /only CRAM-MD5$/]],
  },
];

describe('verify: what a daemon offers and refuses', () => runCases(CASES));
