/** Mail for elsewhere from somebody who has not logged in: by servers of every kind, and what an apply makes of it. */
import assert from 'node:assert/strict';
import type { Finding } from '../../../src/model/index.ts';
import { regressions } from '../../../src/run/regressions.ts';
import { EHLO_SECURE, goodHost, RESPONSE } from './good.ts';
import { certificates, look, start, stop } from './host.ts';
import { dialTo, type Script } from './server.ts';

type Answer = string | null;
interface Case {
  readonly what: string;
  readonly mail?: Answer;
  readonly rcpt?: Answer;
  readonly ehlo?: string;
  readonly status: string;
  readonly says: RegExp;
}

const WITHOUT_PIPELINING = EHLO_SECURE.replace('250-PIPELINING\r\n', '');
const REFUSED = { status: 'pass', says: /^takes no mail for elsewhere: "454 4\.7\.1 .*Relay access denied"$/ };
const TAKEN = {
  status: 'warn',
  says: /^takes mail for elsewhere from us, .* \("250 2\.1\.5 Ok"\): an open relay, unless/,
};

const CASES: readonly Case[] = [
  { what: 'a refused recipient', ...REFUSED },
  { what: 'a refused recipient without PIPELINING', ehlo: WITHOUT_PIPELINING, ...REFUSED },
  { what: 'an accepted recipient', rcpt: '250 2.1.5 Ok\r\n', ...TAKEN },
  { what: 'an accepted recipient without PIPELINING', rcpt: '250 2.1.5 Ok\r\n', ehlo: WITHOUT_PIPELINING, ...TAKEN },
  {
    what: 'a recipient that the server forwards to',
    rcpt: '251 User not local\r\n',
    status: 'warn',
    says: /"251 User not local"/,
  },
  {
    what: 'a deferred recipient',
    rcpt: '450 4.2.0 Greylisted\r\n',
    status: 'hint',
    says: /^puts us off \("450 4\.2\.0 Greylisted"\)/,
  },
  {
    what: 'a server that refuses the sender',
    mail: '550 5.7.1 Blocked\r\n',
    rcpt: '503 5.5.1 Error: need MAIL command\r\n',
    status: 'pass',
    says: /^takes no mail for elsewhere: "550 5\.7\.1 Blocked"$/,
  },
  {
    what: 'a missing answer',
    rcpt: null,
    status: 'hint',
    says: /^whether it takes mail for elsewhere is not seen: said nothing more for 0\.3 s$/,
  },
];

describe('verify: relaying for strangers', () => {
  const found: Finding[] = [];

  async function seen(
    { mail, rcpt, ehlo }: Partial<Case>,
    more: Parameters<typeof look>[1] = {},
  ): Promise<{ findings: Finding[]; heard: readonly string[] }> {
    const good = goodHost(certificates().good);
    const server = good.get(25)!;
    const script: Script = {
      ...server,
      answer(line, secure) {
        if (/^EHLO /.test(line) && secure && ehlo !== undefined) return ehlo;
        if (/^MAIL /.test(line) && mail !== undefined) return mail;
        if (/^RCPT /.test(line) && rcpt !== undefined) return rcpt;
        return server.answer(line, secure);
      },
    };
    const host = await start([...good, [25, script]]);
    try {
      const findings = await look(host, rcpt === null ? { timeout: 300, ...more } : more);
      return { findings, heard: host.get(25)!.heard };
    } finally {
      stop(host);
    }
  }
  const relays = (findings: readonly Finding[]) => findings.filter(({ check }) => check === 'relay');

  for (const one of CASES)
    it(`${one.what} gives ${one.status}`, async () => {
      const { findings, heard } = await seen(one);
      const [finding, ...more] = relays(findings);
      assert.deepEqual(more, []);
      assert.deepEqual([finding?.port, finding?.status], [25, one.status]);
      assert.match(finding?.text ?? '', one.says);
      assert.ok(!heard.some((line) => /^!(MAIL|RCPT)|^DATA/.test(line)), heard.join('\n'));
      found.push(finding!);
    });

  it('the relay question comes before a login, which would permit it', async () => {
    const { findings, heard } = await seen({}, { user: { name: 'user', password: 'secret' } });
    assert.deepEqual(relays(findings).map(({ status }) => status), ['pass']); // oxfmt-ignore
    assert.ok(heard.indexOf('RSET') >= 0 && heard.indexOf('RSET') < heard.indexOf(RESPONSE), heard.join('\n'));
  });

  it('the relay question is left out where it proves nothing or is switched off', async () => {
    const good = await start(goodHost(certificates().good));
    const local = await look(good, { direct: dialTo(good, true) });
    assert.deepEqual(relays(local), []);
    assert.deepEqual(relays(await look(good, { tryRelay: false })), []);
    assert.deepEqual(relays(await look(good, { tryLogin: false })), []);
    stop(good);
  });

  it('an open relay undoes an apply if it was closed before, and only then', () => {
    const as = (status: Finding['status']): Finding => ({ ...found[0]!, status });
    assert.deepEqual(regressions([as('pass')], [as('warn')]), [as('warn')]);
    for (const before of [[], [as('warn')], [as('hint')]]) assert.deepEqual(regressions(before, [as('warn')]), []);
    assert.deepEqual(regressions([as('pass')], [as('hint')]), []);
  });
});
