import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { PORTS } from '../../../src/verify/mail-ports.ts';
import { look as begin } from '../../../src/verify/verify.ts';
import type { Dial, Wanted } from '../../../src/verify/verify.ts';
import { checksOf } from './cases.ts';
import { DOMAIN } from '../../support/certificates.ts';
import { goodHost } from './good.ts';
import type { Fakes } from './host.ts';
import { certificates, look, start, stop } from './host.ts';
import { dialTo } from './server.ts';

describe('verify: a hardened host', () => {
  let host: Fakes;
  before(async () => {
    host = await start(goodHost(certificates().good));
  });
  after(() => stop(host));

  it('the host passes every check', async () => {
    const findings = await look(host);
    assert.deepEqual(
      findings.map(({ port, check, status, via }) => [port, check, status, via]),
      PORTS.flatMap(({ port }) => checksOf(port).map((id) => [port, id, 'pass', 'direct'])),
    );
  });

  it('the probe only reads when it may not log in', async () => {
    for (const fake of host.values()) fake.heard.length = 0;
    const findings = await look(host, { tryLogin: false });
    assert.ok(findings.every(({ status }) => status === 'pass'));
    assert.deepEqual(
      [...host.values()].flatMap((fake) => fake.heard).filter((line) => /USER|LOGIN/.test(line)),
      [],
    );
  });
});

describe('verify: TLS that starts before the expected certificate is known', () => {
  let host: Fakes;
  before(async () => {
    host = await start(goodHost(certificates().good));
  });
  after(() => stop(host));
  const clear = () => [...host.values()].flatMap((fake) => fake.heard).filter((line) => /USER|LOGIN/.test(line));

  for (const [what, assumed] of [
    ['the right assumed name', DOMAIN],
    ['another assumed name, which starts TLS again', 'other.example.test'],
    ['no assumed name', ''],
  ] as const) {
    it(`the findings are the same with ${what}`, async () => {
      for (const fake of host.values()) fake.heard.length = 0;
      const findings = await look(host, { assumed });
      assert.deepEqual(findings, await look(host));
      assert.ok(findings.every(({ status }) => status === 'pass'));
      assert.deepEqual(clear().length, 4, 'one login in clear on 110 and on 143, each time');
    });
  }

  it('every step but the last one runs before the expectation is known', async () => {
    for (const fake of host.values()) fake.heard.length = 0;
    const { promise, resolve } = later<Wanted>();
    const options = { direct: dialTo(host), trust: [certificates().root], timeout: 5000, assumed: DOMAIN };
    const looking = begin(options, promise);
    const inside = () =>
      [...host.values()].filter(({ heard }) => heard.some((line) => /^(EHLO|CAPA|\S+ CAPABILITY)/.test(line)));
    for (const end = Date.now() + 5000; inside().length < PORTS.length && Date.now() < end;) await sleep(10);
    assert.equal(inside().length, PORTS.length);
    assert.deepEqual(clear(), []);
    resolve({ domain: DOMAIN, certificate: certificates().good.cert });
    assert.ok((await looking).every(({ status }) => status === 'pass'));
  });

  it('a login in clear that could not be tried is not reported as refused', async () => {
    const dial = dialTo(host);
    let times = 0;
    const direct: Dial = (port, signal) =>
      port === 143 && ++times > 1 ? Promise.reject(new Error('no more')) : dial(port, signal);
    const findings = await look(host, { direct, assumed: DOMAIN });
    const [told] = findings.filter(({ port, check }) => port === 143 && check === 'no-plain-login');
    assert.deepEqual(
      [told?.status, told?.text],
      ['hint', 'offers no login in clear; whether it takes one could not be tried: no more'],
    );
    assert.ok(findings.every((one) => one === told || one.status === 'pass'));
  });
});

function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}
