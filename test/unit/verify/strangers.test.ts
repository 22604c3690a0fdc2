/** Mail for the host itself from a stranger: an error of the server's own is a failure, a policy is none. */
import assert from 'node:assert/strict';
import type { Finding } from '../../../src/model/index.ts';
import { regressions } from '../../../src/run/regressions.ts';
import { DOMAIN } from '../../support/certificates.ts';
import { EHLO_SECURE, goodHost } from './good.ts';
import { certificates, look, start, stop } from './host.ts';
import { dialTo, type Script } from './server.ts';

interface Case {
  readonly what: string;
  readonly mail?: string;
  readonly rcpt?: string | null;
  /** Absent: not told. */
  readonly status?: string;
  readonly says?: RegExp;
}

const ROOT = `root@${DOMAIN}`;
const CASES: readonly Case[] = [
  { what: 'accepted mail', status: 'pass', says: new RegExp(`^takes mail for ${ROOT}$`) },
  {
    what: 'a table without its index',
    rcpt: `451 4.3.0 <${ROOT}>: Temporary lookup failure\r\n`,
    status: 'fail',
    says: /^cannot take mail for root@\S+: "451 4\.3\.0 <root@\S+>: Temporary lookup failure"$/,
  },
  {
    what: 'a missing policy server',
    rcpt: '451 4.3.5 Server configuration problem\r\n',
    status: 'fail',
    says: /"451 4\.3\.5 Server configuration problem"$/,
  },
  { what: 'a full disk', mail: '452 4.3.1 Insufficient system storage\r\n', status: 'fail', says: /"452 4\.3\.1 / },
  {
    what: 'a wrong setting with a permanent error',
    rcpt: '554 5.3.0 wrong setting\r\n',
    status: 'fail',
    says: /"554 5\.3\.0 /,
  },
  { what: 'greylisting', rcpt: '450 4.2.0 Greylisted\r\n', status: 'hint', says: /^puts us off \("450 4\.2\.0 / },
  {
    what: 'a policy that defers',
    rcpt: '450 4.7.1 Try later\r\n',
    status: 'hint',
    says: /^puts us off \("450 4\.7\.1 /,
  },
  { what: "postscreen's deep tests", rcpt: '450 4.3.2 Service currently unavailable\r\n', status: 'hint', says: /^puts us off/ }, // oxfmt-ignore
  { what: 'an unknown recipient', rcpt: '550 5.1.1 User unknown\r\n', status: 'pass', says: /^knows its recipients, / },
  {
    what: 'a block list',
    rcpt: '554 5.7.1 Client host blocked\r\n',
    status: 'hint',
    says: /^refuses us \("554 5\.7\.1 /,
  },
  { what: 'a domain of another host', rcpt: `454 4.7.1 <${ROOT}>: Relay access denied\r\n` },
  { what: 'an index that is missing, for a name with relay in it', rcpt: '451 4.3.0 <root@relay.test>: Temporary lookup failure\r\n', status: 'fail', says: /^cannot take mail/ }, // oxfmt-ignore
  { what: 'greylisting, for a name with relay in it', rcpt: '450 4.2.0 <root@relay.test>: Greylisted\r\n', status: 'hint', says: /^puts us off/ }, // oxfmt-ignore
  {
    what: 'a server that says goodbye',
    rcpt: '421 4.7.0 too many errors\r\n',
    status: 'hint',
    says: /^puts us off \("421 4\.7\.0 /,
  },
  { what: 'a silent server', rcpt: null, status: 'hint', says: /^whether it takes mail .* is not seen: said nothing/ }, // oxfmt-ignore
  { what: 'a server that hangs up', rcpt: 'close', status: 'fail', says: /the server breaks off: closed the connection$/ }, // oxfmt-ignore
];

describe('verify: mail for the host itself from a stranger', () => {
  async function seen({ mail, rcpt }: Case, more: Parameters<typeof look>[1] = {}, pipelining = true) {
    const good = goodHost(certificates().good);
    const server = good.get(25)!;
    const script: Script = {
      ...server,
      answer(line, secure) {
        if (!pipelining && secure && /^EHLO /.test(line)) return EHLO_SECURE.replace('250-PIPELINING\r\n', '');
        if (/^MAIL /.test(line) && mail !== undefined) return mail;
        if (/^RCPT TO:<root/.test(line) && rcpt === 'close') setImmediate(() => stop(host));
        if (/^RCPT TO:<root/.test(line) && rcpt !== undefined) return rcpt === 'close' ? null : rcpt;
        return rcpt === 'close' && line === 'RSET' ? null : server.answer(line, secure);
      },
    };
    const host = await start([[25, script]]);
    try {
      const findings = await look(host, { timeout: rcpt === null ? 300 : 5000, ...more });
      return { findings: findings.filter(({ port }) => port === 25), heard: host.get(25)!.heard };
    } finally {
      stop(host);
    }
  }
  const deliveries = (findings: readonly Finding[]) => findings.filter(({ check }) => check === 'delivery');

  for (const one of CASES)
    for (const pipelining of [true, false])
      it(`${one.what} gives ${one.status ?? 'no finding'}${pipelining ? '' : ' without PIPELINING'}`, async () => {
        const { findings, heard } = await seen(one, {}, pipelining);
        const found = deliveries(findings);
        assert.deepEqual(
          found.map(({ status }) => status),
          one.status === undefined ? [] : [one.status],
        );
        if (one.says) assert.match(found[0]?.text ?? '', one.says);
        assert.ok(!heard.some((line) => /^DATA|^!(MAIL|RCPT)/.test(line)), heard.join('\n'));
      });

  it('the delivery question is in the same transaction as the relay question, which keeps its own answer', async () => {
    const { findings, heard } = await seen({ what: '', rcpt: '451 4.3.0 lookup failure\r\n' });
    assert.equal(findings.find(({ check }) => check === 'relay')?.status, 'pass');
    assert.equal(heard.filter((line) => /^MAIL/.test(line)).length, 1);
  });

  it('the delivery question comes after the relay question, so a refused second recipient does not hide a relay', async () => {
    const { heard } = await seen({ what: '' });
    const asked = heard.filter((line) => /^RCPT/.test(line));
    assert.deepEqual(asked, ['RCPT TO:<harden-mail-probe@example.com>', `RCPT TO:<${ROOT}>`]);
  });

  it('the host itself gets the delivery question too, without the relay question', async () => {
    const good = await start(goodHost(certificates().good));
    const { heard } = good.get(25)!;
    const findings = await look(good, { direct: dialTo(good, true) });
    stop(good);
    assert.deepEqual(deliveries(findings).map(({ status }) => status), ['pass']); // oxfmt-ignore
    assert.ok(!heard.some((line) => line.includes('example.com')), heard.join('\n'));
  });

  it('the delivery question is left out when it is switched off', async () => {
    assert.deepEqual(deliveries((await seen({ what: '' }, { tryRelay: false })).findings), []);
  });

  it('an apply is undone when delivery passed before and fails now', () => {
    const as = (status: Finding['status']): Finding => ({
      port: 25,
      check: 'delivery',
      status,
      text: '',
      via: 'direct',
    });
    assert.deepEqual(regressions([as('pass')], [as('fail')]), [as('fail')]);
    for (const before of [[], [as('fail')], [as('hint')]]) assert.deepEqual(regressions(before, [as('fail')]), []);
  });
});
