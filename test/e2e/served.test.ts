/** Hosts whose administrator leaves a protocol or a port out: that is kept, said once, and right in every verdict. */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { assertFailure, hardenMail, issuedBy, to } from '../support/cli.ts';
import { assertTidy, mark, writtenSince } from '../support/host.ts';
import { IMAP, POP3, SMTP, talkInTls } from '../support/talk.ts';

const ALICE = { name: 'alice', password: 'down the rabbit hole' };

interface Left {
  readonly what: string;
  readonly setup: string;
  /** What the plan says of it. */
  readonly says: RegExp;
  /** Ports that nobody listens on, before and after. */
  readonly closed: readonly number[];
  /** A port where alice logs in, with the greeting's end and her words. */
  readonly login: readonly [port: number, answer: RegExp, ...words: string[]];
}

const IMAP_LOGIN = [993, IMAP, `a LOGIN ${ALICE.name} "${ALICE.password}"`] as const;
const SMTP_LOGIN = [
  465,
  SMTP,
  'EHLO client.example',
  `AUTH PLAIN ${Buffer.from(`\0${ALICE.name}\0${ALICE.password}`).toString('base64')}`,
] as const;
const POP3_LOGIN = [995, POP3, `USER ${ALICE.name}`, `PASS ${ALICE.password}`] as const;

const HOSTS: readonly Left[] = [
  {
    what: 'a host with IMAP only: the package for POP3 is not installed',
    setup: 'DEBIAN_FRONTEND=noninteractive apt-get -q -y purge dovecot-pop3d',
    says: /^ {2}· POP3 is not served here, and stays so: the package dovecot-pop3d is not installed \(--serve pop3 installs it\)$/m,
    closed: [110, 995],
    login: IMAP_LOGIN,
  },
  {
    what: 'a host with POP3 only: the package for IMAP is not installed',
    setup: 'DEBIAN_FRONTEND=noninteractive apt-get -q -y purge dovecot-imapd',
    says: /^ {2}· IMAP is not served here, and stays so: the package dovecot-imapd is not installed/m,
    closed: [143, 993],
    login: POP3_LOGIN,
  },
  {
    what: 'a host with IMAP only: the setting protocols does not list POP3',
    setup: "echo 'protocols = imap' >/etc/dovecot/local.conf; systemctl restart dovecot",
    says: /^ {2}· POP3 is not served here, and stays so: \/etc\/dovecot\/local\.conf:1: protocols = imap$/m,
    closed: [110, 995],
    login: IMAP_LOGIN,
  },
  {
    what: 'a host without mail from other servers: the entry for port 25 is a comment',
    setup: "sed -i 's/^smtp \\+inet/#&/' /etc/postfix/master.cf; systemctl restart postfix@-",
    says: /^ {2}· SMTP \(port 25\) is not served here, and stays so: \/etc\/postfix\/master\.cf has no active entry for it$/m,
    closed: [25],
    login: IMAP_LOGIN,
  },
  {
    what: 'a host whose Dovecot only checks passwords: the packages for IMAP and POP3 are not installed',
    setup: `DEBIAN_FRONTEND=noninteractive apt-get -q -y purge dovecot-imapd dovecot-pop3d
      echo 'protocols =' >/etc/dovecot/local.conf; systemctl restart dovecot`,
    says: /^ {2}· IMAP is not served here, and stays so: .*\n {2}· POP3 is not served here, and stays so: /m,
    closed: [110, 143, 993, 995],
    login: SMTP_LOGIN,
  },
];

describe('services that are left out on purpose', () => {
  for (const { what, setup, says, closed, login } of HOSTS)
    describe(what, () => {
      let host: LabHost;
      let flags: string[];
      let root: string;
      before(async () => {
        host = await lab.host({ release: 'bookworm', mail: true, users: [ALICE] });
        await host.run(setup);
        const acme = await lab.acme();
        root = await acme.root();
        flags = [...to(host), ...(await issuedBy(acme))];
      });
      after(() => host.stop());

      const listening = async (): Promise<number[]> => {
        const ports = await host.run("ss -Hltn | sed 's/.*:\\([0-9]*\\) .*/\\1/' | sort -nu");
        return ports.trim().split('\n').map(Number);
      };
      const notThere = async (): Promise<void> => {
        const open = await listening();
        assert.deepEqual(
          closed.filter((port) => open.includes(port)),
          [],
        );
      };

      it('apply says once that the service is left out, keeps it left out, and succeeds', async () => {
        await notThere();
        const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--no-diff', ...flags]);
        assert.equal(code, 0, stdout + stderr);
        const said = stdout.split('\n').filter((line) => line.includes('is not served here'));
        assert.equal(new Set(said).size, said.length, stdout);
        assert.match(stdout, says);
        assert.doesNotMatch(stdout, / {2}! .*port 25/);
        assert.match(stdout, /changed: .*, \d+ checks passed$/m);
        await notThere();
        await assertTidy(host);
      });

      it('users log in as before', async () => {
        const [port, answer, ...words] = login;
        const talk = await talkInTls({ address: host.address, port, name: host.name, root });
        await talk.until(answer);
        for (const word of words) assert.match((await talk.ask(word, answer)).at(-1) ?? '', /^(a OK|\+OK|2(35|50) )/);
        talk.end();
        const smtp = await talkInTls({ address: host.address, port: 465, name: host.name, root });
        await smtp.until(SMTP);
        smtp.end();
      });

      it('a second apply has nothing to do, and check and verify pass', async () => {
        const again = await hardenMail(['apply', '--yes', ...flags]);
        assert.equal(again.code, 0, again.stdout + again.stderr);
        assert.match(again.stdout, /ok: nothing to do, \d+ checks passed\n$/);
        for (const command of ['check', 'verify']) {
          const { code, stdout, stderr } = await hardenMail([command, ...to(host), ...flags.slice(-2)]);
          assert.equal(code, 0, `${command}: ${stdout}${stderr}`);
        }
      });

      it('the profile strict and a rollback keep the service left out too', async () => {
        const strict = await hardenMail(['apply', '--yes', '--no-diff', '--profile', 'strict', ...flags]);
        assert.equal(strict.code, 0, strict.stdout + strict.stderr);
        await notThere();
        const back = await hardenMail(['rollback', '--yes', '--no-diff', ...to(host), ...flags.slice(-2)]);
        assert.equal(back.code, 0, back.stdout + back.stderr);
        await notThere();
      });
    });

  describe('a relay satellite, whose Postfix listens on loopback only', () => {
    let host: LabHost;
    before(async () => {
      host = await lab.host({ release: 'bookworm', mail: true });
      await host.run(
        "postconf inet_interfaces=loopback-only relayhost='[smtp.example.test]'; systemctl restart postfix@-",
      );
    });
    after(() => host.stop());

    it('apply declines the host with the reason before anything is written', async () => {
      await mark(host);
      assertFailure(await hardenMail(['apply', '--yes', ...to(host), ...(await issuedBy(await lab.acme()))]), {
        exit: 1,
        says: /^Postfix listens on loopback only \(\/etc\/postfix\/main\.cf: inet_interfaces = loopback-only\)/,
        todo: /Nothing was written\. If this host is to serve users, set inet_interfaces = all/,
      });
      assert.deepEqual(await writtenSince(host, '/etc', '/usr', '/var/lib/dpkg'), []);
    });
  });
});
