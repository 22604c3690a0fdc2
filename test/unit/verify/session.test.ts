/** What a user's session is good for after the login, with servers that let the user in and then fail. */
import assert from 'node:assert/strict';
import { addressOf } from '../../../src/verify/user.ts';
import { DOMAIN } from '../../support/certificates.ts';
import { EHLO_SECURE, goodHost } from './good.ts';
import { certificates, look, start, stop } from './host.ts';
import type { Script } from './server.ts';

const USER = { name: 'user', password: 'secret' };
const CHECK: Readonly<Record<number, string>> = { 465: 'send', 993: 'mailbox', 995: 'maildrop' };
const OWN = `user@${DOMAIN}`;
const WITHOUT_PIPELINING = EHLO_SECURE.replace('250-PIPELINING\r\n', '');

interface Case {
  readonly what: string;
  readonly port: 465 | 993 | 995;
  /** Answers the line that matches; undefined: as the good server. */
  readonly answer?: (line: string) => ReturnType<Script['answer']> | undefined;
  readonly user?: string;
  readonly status: string;
  readonly says: RegExp;
}

const to =
  (pattern: RegExp, text: ReturnType<Script['answer']>) =>
  (line: string): ReturnType<Script['answer']> | undefined =>
    pattern.test(line) ? text : undefined;
const folders = Array.from({ length: 1000 }, (_, n) => `* LIST () "/" ${n}\r\n`).join('');

const CASES: readonly Case[] = [
  { what: 'a mailbox that opens', port: 993, status: 'pass', says: /^opens INBOX and lists the folders/ },
  {
    what: 'a thousand folders',
    port: 993,
    answer: to(/LIST/, `${folders}hm0 OK List completed.\r\n`),
    status: 'pass',
    says: /^opens INBOX/,
  },
  {
    what: 'a mailbox that does not open',
    port: 993,
    answer: to(/SELECT/, 'hm2 NO [SERVERBUG] Internal error occurred.\r\n'),
    status: 'fail',
    says: /^SELECT INBOX fails: "NO \[SERVERBUG\] Internal error occurred\."$/,
  },
  {
    what: 'a mailbox without a status',
    port: 993,
    answer: to(/STATUS/, 'hm1 NO [SERVERBUG] Internal error occurred.\r\n'),
    status: 'fail',
    says: /^STATUS INBOX \(MESSAGES\) fails: /,
  },
  {
    what: 'folders that cannot be listed',
    port: 993,
    answer: to(/LIST/, 'hm0 NO [SERVERBUG] Internal error occurred.\r\n'),
    status: 'fail',
    says: /^LIST "" "\*" fails: /,
  },
  {
    what: 'a session that ends right after the login',
    port: 993,
    answer: to(/LIST/, '* BYE Internal error occurred.\r\n'),
    status: 'fail',
    says: /^turns us away: "\* BYE Internal error occurred\."$/,
  },
  {
    what: 'a mailbox for reading only',
    port: 993,
    answer: to(/SELECT/, 'hm2 OK [READ-ONLY] Select completed.\r\n'),
    status: 'warn',
    says: /^opens INBOX for reading only: "OK \[READ-ONLY\]/,
  },
  {
    what: 'a mailbox that another session holds',
    port: 993,
    answer: to(/SELECT/, 'hm2 NO [INUSE] Mailbox is locked.\r\n'),
    status: 'hint',
    says: /^SELECT INBOX: "NO \[INUSE\]/,
  },
  { what: 'a maildrop that opens', port: 995, status: 'pass', says: /^opens the maildrop/ },
  {
    what: 'a maildrop that does not open',
    port: 995,
    answer: to(/^STAT$/, '-ERR [SYS/TEMP] Internal error occurred.\r\n'),
    status: 'fail',
    says: /^does not open the maildrop: "-ERR \[SYS\/TEMP\] Internal error occurred\."$/,
  },
  {
    what: 'a maildrop that another session holds',
    port: 995,
    answer: to(/^STAT$/, '-ERR [IN-USE] locked\r\n'),
    status: 'hint',
    says: /^the maildrop is in use: /,
  },
  {
    what: 'a maildrop whose server stays silent',
    port: 995,
    answer: to(/^STAT$/, null),
    status: 'fail',
    says: /^said nothing more for 0\.9 s$/,
  },
  { what: 'mail that is accepted', port: 465, status: 'pass', says: new RegExp(`^takes mail from ${OWN} to ${OWN}$`) },
  {
    what: 'mail that is accepted without PIPELINING',
    port: 465,
    answer: to(/^EHLO/, WITHOUT_PIPELINING),
    status: 'pass',
    says: /^takes mail from /,
  },
  {
    what: 'a table of recipients that cannot be read',
    port: 465,
    answer: to(/^RCPT/, '451 4.3.0 <user@mx>: Temporary lookup failure\r\n'),
    status: 'fail',
    says: /^cannot take mail from user@\S+ to \S+: "451 4\.3\.0 <user@mx>: Temporary lookup failure"$/,
  },
  {
    what: 'a sender that the server refuses to this login',
    port: 465,
    answer: to(/^MAIL/, '553 5.7.1 <user@mx>: Sender address rejected: not owned by user user\r\n'),
    status: 'warn',
    says: /^refuses mail from \S+ to \S+ \(is that an address of user\?\): "553 5\.7\.1 /,
  },
  {
    what: 'a refused sender of a login that is an address',
    port: 465,
    user: 'user@shop.example',
    answer: to(/^RCPT/, '553 5.7.1 <user@shop.example>: Sender address rejected: not owned by user\r\n'),
    status: 'warn',
    says: /^refuses mail from user@shop\.example to user@shop\.example: "553 /,
  },
  {
    what: 'greylisting',
    port: 465,
    answer: to(/^RCPT/, '450 4.2.0 Greylisted\r\n'),
    status: 'hint',
    says: /^puts mail from \S+ to \S+ off: "450 4\.2\.0 Greylisted"$/,
  },
  {
    what: 'a server that is too busy',
    port: 465,
    answer: to(/^MAIL/, '421 4.3.2 All server ports are busy\r\n'),
    status: 'hint',
    says: /^puts mail from \S+ to \S+ off: "421 4\.3\.2 /,
  },
];

describe('verify: the session after the login', () => {
  async function seen({ port, answer, user }: Pick<Case, 'port' | 'answer' | 'user'>) {
    const good = goodHost(certificates().good).get(port)!;
    const script: Script = {
      ...good,
      answer(line, secure) {
        const own = secure ? answer?.(line) : undefined;
        if (own !== undefined) return own;
        // The response holds the name: whoever it is may log in.
        return good.answer(user && /^AHVz/.test(line) ? 'AHVzZXIAc2VjcmV0' : line, secure);
      },
    };
    const host = await start([[port, script]]);
    try {
      const all = await look(host, { user: { ...USER, ...(user && { name: user }) }, timeout: 300 });
      return { found: all.filter((one) => one.port === port), heard: host.get(port)!.heard };
    } finally {
      stop(host);
    }
  }

  for (const one of CASES)
    it(`${one.port}: ${one.what} gives ${one.status}`, async () => {
      const { found, heard } = await seen(one);
      const [finding, ...more] = found.filter(({ check }) => check === CHECK[one.port]);
      assert.deepEqual(more, []);
      assert.equal(finding?.status, one.status, JSON.stringify(found));
      assert.match(finding?.text ?? '', one.says);
      assert.equal(found.find(({ check }) => check === 'login')?.status, 'pass');
      // Nothing is sent, read or changed.
      assert.deepEqual(heard.filter((line) => /^(DATA|BDAT|RETR|DELE)|FETCH|STORE|EXPUNGE/.test(line)), []); // oxfmt-ignore
    });

  it('the mailbox of a user who cannot log in is not opened', async () => {
    const { found, heard } = await seen({ port: 993, answer: to(/^AHVz/, 'hm NO [AUTHENTICATIONFAILED]\r\n') });
    assert.deepEqual(found.filter(({ check }) => check === 'mailbox'), []); // oxfmt-ignore
    assert.ok(!heard.some((line) => line.includes('SELECT')), heard.join('\n'));
  });

  it('a name that is no SMTP address is not used as a sender', async () => {
    const { found, heard } = await seen({ port: 465, user: 'user name>' });
    assert.deepEqual(found.filter(({ check }) => check === 'send'), []); // oxfmt-ignore
    assert.ok(!heard.some((line) => line.startsWith('MAIL')), heard.join('\n'));
  });

  it('commands are sent one by one to a server without PIPELINING', async () => {
    const order: string[] = [];
    const answer = (line: string) => {
      if (/^EHLO/.test(line)) return WITHOUT_PIPELINING;
      if (/^(MAIL|RCPT|RSET)/.test(line)) order.push(line.slice(0, 4));
      return /^MAIL/.test(line) ? '451 4.3.0 Queue file write error\r\n' : undefined;
    };
    const { found } = await seen({ port: 465, answer });
    assert.equal(found.find(({ check }) => check === 'send')?.status, 'fail');
    assert.deepEqual(order, ['MAIL'], 'RCPT is not sent after a refused MAIL');
  });

  it('the sender is the login name itself if it is an address', () => {
    assert.equal(addressOf('alice', 'mx.example.test'), 'alice@mx.example.test');
    assert.equal(addressOf('alice@shop.example', 'mx.example.test'), 'alice@shop.example');
  });
});
