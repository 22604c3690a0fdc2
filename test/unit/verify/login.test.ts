import assert from 'node:assert/strict';
import { goodHost, RESPONSE } from './good.ts';
import type { Fakes } from './host.ts';
import { certificates, look, start, stop } from './host.ts';
import type { Script } from './server.ts';

const user = { name: 'user', password: 'secret' };
const LOGIN_PORTS = [25, 465, 993, 995];

describe('verify: logging in', () => {
  let host: Fakes;
  afterEach(() => stop(host));

  const change = (difference: (script: Script) => Partial<Script>) =>
    [...goodHost(certificates().good)].map(([port, script]) => [port, { ...script, ...difference(script) }] as const);
  const heard = () => [...host.values()].flatMap((fake) => fake.heard);

  it('the probe logs in on 25, 465, 993 and 995, and never in the clear', async () => {
    host = await start(goodHost(certificates().good));
    const findings = (await look(host, { user })).filter((one) => one.check === 'login');
    assert.deepEqual(
      findings.map(({ port, status, text }) => [port, status, text]),
      LOGIN_PORTS.map((port) => [port, 'pass', 'logs user in']),
    );
    assert.equal(heard().filter((line) => line === RESPONSE).length, LOGIN_PORTS.length);
    assert.deepEqual(
      heard().filter((line) => line.startsWith('!') && line.includes(RESPONSE)),
      [],
    );
  });

  it('the probe does not log in without a user', async () => {
    host = await start(goodHost(certificates().good));
    assert.deepEqual(
      (await look(host)).filter((one) => one.check === 'login'),
      [],
    );
  });

  it('a refused login is reported without the password, even if the server echoes it', async () => {
    host = await start(
      change((script) => ({
        answer: (line, secure) => (line === RESPONSE ? `hm NO ${line} is wrong\r\n` : script.answer(line, secure)),
      })),
    );
    const [imap] = (await look(host, { user })).filter((one) => one.check === 'login' && one.port === 993);
    assert.equal(imap!.status, 'fail');
    assert.equal(imap!.text, 'does not log user in: "NO *** is wrong"');
  });

  it('no password is sent to a server that did not prove its identity', async () => {
    host = await start(change(() => ({ tls: certificates().selfSigned })));
    const findings = (await look(host, { user })).filter((one) => one.check === 'login');
    assert.deepEqual(
      findings.map(({ port, status }) => [port, status]),
      LOGIN_PORTS.map((port) => [port, 'hint']),
    );
    assert.equal(heard().includes(RESPONSE), false);
  });

  it('a self-signed certificate that is the one on disk is proof enough', async () => {
    host = await start(change(() => ({ tls: certificates().selfSigned })));
    const findings = await look(host, { user, certificate: certificates().selfSigned.cert });
    assert.deepEqual(
      findings.filter((one) => one.check === 'login').map((one) => one.status),
      ['pass', 'pass', 'pass', 'pass'],
    );
  });

  it('the probe ends every session with QUIT or LOGOUT', async () => {
    host = await start(goodHost(certificates().good));
    await look(host);
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const fake of host.values()) assert.match(fake.heard.at(-1)!, /^(QUIT|hm LOGOUT)$/);
  });
});
