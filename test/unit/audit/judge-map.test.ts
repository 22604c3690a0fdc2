/** The dangers of an exposure map as findings of an audit: cases as data. */
import assert from 'node:assert/strict';
import { judgeMap } from '../../../src/audit/judge-map.ts';
import { INFORMATION, type ExposureMap, type Finding } from '../../../src/model/index.ts';
import { MAPS } from '../../support/report/map-data.ts';

const map = MAPS['everything that is dangerous']!;
const short = (findings: readonly Finding[]): string[] =>
  findings.map(({ port, check, status, via, weight }) => `${port} ${check} ${status} ${via} ${weight?.severity}`);
const failed = (port: number, check: string): Finding => ({ port, check, status: 'fail', text: '', via: 'direct' });

describe('audit: dangers of the exposure map', () => {
  it('each danger becomes a finding on its port, with its severity', () => {
    assert.deepEqual(short(judgeMap(map, [])), [
      '25 open-relay fail ssh high',
      '25 wide-mynetworks fail ssh medium',
      '10025 auth-on-reinjection warn ssh low',
      '25 plaintext-logins fail ssh high',
      '143 plaintext-logins fail ssh high',
      '110 plaintext-logins fail ssh high',
      '25 open-auth-socket warn ssh low',
    ]);
  });

  it('each finding names its place in the file and the settings of the daemon behind the port', () => {
    const [relay, , , onSmtp, onImap] = judgeMap(map, []);
    assert.equal(relay?.text, 'smtp/inet relays for everybody: an open relay (/etc/postfix/master.cf:12)');
    assert.deepEqual(onSmtp?.weight?.settings, ['smtpd_tls_auth_only']);
    assert.deepEqual(onImap?.weight?.settings, ['disable_plaintext_auth', 'auth_allow_cleartext', 'ssl']);
  });

  it('a danger that a probe saw on the same port is not repeated, and one that it saw on another port is reported', () => {
    const seen = [failed(25, 'open-relay'), failed(143, 'no-plain-login'), failed(110, 'open-relay')];
    assert.deepEqual(
      short(judgeMap(map, seen)).filter((one) => /open-relay|plaintext/.test(one)),
      ['25 plaintext-logins fail ssh high', '110 plaintext-logins fail ssh high'],
    );
  });

  it('a passed check from outside hides no danger of the map', () => {
    const passed: Finding = { ...failed(25, 'open-relay'), status: 'pass' };
    assert.equal(judgeMap(map, [passed]).length, 7);
  });

  it('an entry that is only information gives no finding, and neither does a map without dangers', () => {
    const told = map.dangers.filter(({ id }) => INFORMATION.includes(id));
    assert.equal(told.length, 1);
    assert.deepEqual(judgeMap({ ...map, dangers: told }, []), []);
    assert.deepEqual(judgeMap(MAPS['a stock host']!, []), []);
  });

  it('a danger that belongs to no port is reported at the first port that accepts mail, or at 25', () => {
    const wide = map.dangers.filter(({ id }) => id === 'wide-mynetworks');
    const alone: ExposureMap = { ...map, ways: [{ ...map.ways[0]!, port: 2525 }], dangers: wide };
    assert.deepEqual(short(judgeMap(alone, [])), ['2525 wide-mynetworks fail ssh medium']);
    assert.deepEqual(short(judgeMap({ ...alone, ways: [] }, [])), ['25 wide-mynetworks fail ssh medium']);
  });
});
