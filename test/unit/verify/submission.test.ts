/** Port 587: nothing where nothing is, the admin's own where something is, a port like 465 where it is wanted. */
import assert from 'node:assert/strict';
import type { VerifyTarget } from '../../../src/verify/verify.ts';
import { checksOf } from './cases.ts';
import { EHLO_PLAIN, EHLO_SECURE, goodHost } from './good.ts';
import { certificates, look, start, stop } from './host.ts';
import type { Script } from './server.ts';

describe('verify: port 587', () => {
  type Submission = NonNullable<VerifyTarget['submission']>;

  /** What is found there, with words of what is no pass; `null`: nothing listens. */
  async function found(submission: Submission | undefined, change: Partial<Script> | null = {}): Promise<string[]> {
    const good = goodHost(certificates().good);
    const host = await start(change ? [...good, [587, { ...good.get(25)!, ...change }]] : good);
    try {
      const findings = await look(host, submission && { submission });
      const other = findings.filter(({ port, status }) => port !== 587 && status !== 'pass');
      assert.deepEqual(other, []);
      return findings
        .filter(({ port }) => port === 587)
        .map(({ check, status, text }) => (status === 'pass' ? check : `${check} ${status}: ${text}`));
    } finally {
      stop(host);
    }
  }

  const saying = (inClear: string, inTls: string): Partial<Script> => {
    const good = goodHost(certificates().good).get(25)!;
    return {
      answer: (line, secure) => (/^EHLO /.test(line) ? (secure ? inTls : inClear) : good.answer(line, secure)),
    };
  };
  const without = (text: string, what: string) =>
    text
      .split(/(?<=\r\n)/)
      .filter((line) => !line.includes(what))
      .join('');

  it('port 587 is not probed by default', async () => assert.deepEqual(await found(undefined), []));
  it('an absent port 587 gives no finding', async () => assert.deepEqual(await found('absent', null), []));
  it('a good service of the administrator passes every check', async () =>
    assert.deepEqual(await found('there'), checksOf(587)));
  it('a good service that is wanted passes every check', async () =>
    assert.deepEqual(await found('wanted'), checksOf(587)));
  it('a wanted service that does not answer fails', async () =>
    assert.deepEqual(await found('wanted', null), [
      'answers fail: 587 cannot be reached from here (refused): nothing listens, or a firewall rejects',
    ]));
  it('a service of the administrator that is not reachable passes, because it may be internal', async () =>
    assert.deepEqual(await found('there', null), ['answers']));

  it('another certificate than the one on disk is a failure in either case', async () => {
    const change = { tls: certificates().older };
    for (const how of ['there', 'wanted'] as const) {
      const failed = (await found(how, change)).filter((one) => / fail: /.test(one));
      assert.match(failed.join('\n'), /^certificate-served fail: serves .*, not the one on disk.*$/);
    }
  });

  it('a login in clear is a failure in either case', async () => {
    const change = saying(EHLO_SECURE.replace('250 CHUNKING', '250-STARTTLS\r\n250 CHUNKING'), EHLO_SECURE);
    for (const how of ['there', 'wanted'] as const)
      assert.match((await found(how, change)).join('\n'), /^no-plain-login fail: offers a login in clear: /m);
  });

  it('a service without any login fails if it is wanted, and is a warning if it belongs to the administrator', async () => {
    const change = saying(EHLO_PLAIN, without(EHLO_SECURE, 'AUTH'));
    const of = async (how: Submission) => (await found(how, change)).filter((one) => one.startsWith('auth'));
    const text = 'does not offer AUTH PLAIN LOGIN inside TLS, nor any other';
    assert.deepEqual(await of('wanted'), [`auth fail: ${text}`]);
    assert.deepEqual(await of('there'), [`auth warn: ${text}; this service is your own, and nothing here changes it`]);
  });
});
