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

describe('verify: a host hardened by the recipe', () => {
  let host: Fakes;
  before(async () => {
    host = await start(goodHost(certificates().good));
  });
  after(() => stop(host));

  it('passes every check', async () => {
    const findings = await look(host);
    assert.deepEqual(
      findings.map(({ port, check, status, via }) => [port, check, status, via]),
      PORTS.flatMap(({ port }) => checksOf(port).map((id) => [port, id, 'pass', 'direct'])),
    );
  });

  it('reads only, where no login is to be tried', async () => {
    for (const fake of host.values()) fake.heard.length = 0;
    const findings = await look(host, { tryLogin: false });
    assert.ok(findings.every(({ status }) => status === 'pass'));
    assert.deepEqual(
      [...host.values()].flatMap((fake) => fake.heard).filter((line) => /USER|LOGIN/.test(line)),
      [],
    );
  });
});

describe('verify: TLS begins before it is known what to expect', () => {
  let host: Fakes;
  before(async () => {
    host = await start(goodHost(certificates().good));
  });
  after(() => stop(host));
  const clear = () => [...host.values()].flatMap((fake) => fake.heard).filter((line) => /USER|LOGIN/.test(line));

  for (const [what, assumed] of [
    ['the right name', DOMAIN],
    ['another name, so it is begun again', 'other.example.test'],
    ['none', ''],
  ] as const) {
    it(`${what}: the same is found`, async () => {
      for (const fake of host.values()) fake.heard.length = 0;
      const findings = await look(host, { assumed });
      assert.deepEqual(findings, await look(host));
      assert.ok(findings.every(({ status }) => status === 'pass'));
      assert.deepEqual(clear().length, 4, 'one login in clear on 110 and on 143, each time');
    });
  }

  it('all but the last word is heard before it is known', async () => {
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

  it('a login in clear that could not be tried is not said to be refused', async () => {
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
