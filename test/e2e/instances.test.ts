/** A host with two Postfix instances (postmulti), of which the second one serves port 465. */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { assertFailure, hardenMail, issuedBy, to } from '../support/cli.ts';
import { assertTidy, mark, writtenSince } from '../support/host.ts';
import { SMTP, talkInTls } from '../support/talk.ts';

const OUT = '/etc/postfix-out';

describe('a host with a second Postfix instance on port 465', () => {
  let host: LabHost;
  let flags: string[];
  let root: string;

  /** Who answers, of so many connections. */
  async function greetings(count: number): Promise<Set<string>> {
    const heard = new Set<string>();
    for (let n = 0; n < count; n++) {
      const talk = await talkInTls({ address: host.address, port: 465, name: 'out.test', root });
      const [line = ''] = await talk.until(SMTP);
      talk.end();
      heard.add(line);
    }
    return heard;
  }

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true });
    await host.run(`set -e
      postmulti -e init
      postmulti -I postfix-out -e create
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=out.test \\
        -addext subjectAltName=DNS:out.test -keyout ${OUT}/key.pem -out ${OUT}/cert.pem 2>/dev/null
      postconf -c ${OUT} myhostname=out.test inet_interfaces=all master_service_disable= \\
        smtpd_tls_cert_file=${OUT}/cert.pem smtpd_tls_key_file=${OUT}/key.pem smtpd_tls_security_level=may \\
        compatibility_level=3.7
      postconf -c ${OUT} -MX smtp/inet
      postconf -c ${OUT} -Me '465/inet=465 inet n - y - - smtpd -o smtpd_tls_wrappermode=yes'
      postmulti -i postfix-out -e enable
      systemctl daemon-reload; systemctl restart postfix postfix@postfix-out`);
    root = (await host.read(`${OUT}/cert.pem`)).toString();
    flags = ['--no-diff', ...to(host), ...(await issuedBy(await lab.acme()))];
    await host.run('for _ in $(seq 100); do ss -Hltn | grep -q :465 && exit; sleep 0.1; done; exit 1');
    assert.deepEqual(await greetings(3), new Set(['220 out.test ESMTP Postfix (Debian/GNU)']));
  });
  after(() => host.stop());

  for (const command of [['apply', '--yes'], ['apply', '--dry-run'], ['check']])
    it(`${command.join(' ')} stops with the name of the instance, which still answers its users`, async () => {
      await mark(host);
      assertFailure(await hardenMail([...command, ...(command[0] === 'check' ? to(host) : flags)]), {
        exit: 1,
        says: /^port 465 is held by another Postfix instance, \/etc\/postfix-out: both would listen there/,
        todo: /Nothing was written\. Give each instance addresses of its own/,
      });
      assert.deepEqual(await writtenSince(host, '/etc'), []);
      assert.deepEqual(await greetings(20), new Set(['220 out.test ESMTP Postfix (Debian/GNU)']));
    });

  it('apply succeeds when each instance has addresses of its own, and both listen on port 465', async () => {
    await host.run(`set -e
      ip address add 198.18.255.254/32 dev lo
      postconf -c ${OUT} inet_interfaces=198.18.255.254
      postconf inet_interfaces=${host.address},127.0.0.1
      systemctl restart postfix@- postfix@postfix-out
      for _ in $(seq 100); do ss -Hltn | grep -q 198.18.255.254:465 && exit; sleep 0.1; done; exit 1`);
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...flags]);
    assert.equal(code, 0, stdout + stderr);
    const listening = await host.run("ss -Hltn | awk '$4 ~ /:465$/ { print $4 }' | sort");
    assert.equal(
      listening,
      `${['127.0.0.1', '198.18.255.254', host.address]
        .map((one) => `${one}:465`)
        .sort()
        .join('\n')}\n`,
    );
    const again = await hardenMail(['apply', '--yes', ...flags]);
    assert.match(again.stdout, /ok: nothing to do/);
    await assertTidy(host);
  });
});
