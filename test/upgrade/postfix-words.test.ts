/**
 * Restrictions that a new version of Postfix removed, on real hosts: the same files serve on the old release, the new one refuses
 * mail, and after apply everything is as on the old one.
 */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, to } from '../support/cli.ts';
import { postfixHost, smtp, writeMain } from '../support/postfix-hosts.ts';

/** One envelope from outside, and the code of the answer to RCPT. */
interface Attempt {
  readonly helo: string;
  readonly to: string;
  readonly expected: RegExp;
}

interface Removal {
  readonly what: string;
  /** Settings of main.cf. `CLIENT` is the address of this machine, `HOST` the name of the host. */
  readonly main: Readonly<Record<string, string>>;
  readonly attempts: readonly Attempt[];
  /** Where the new release must refuse more than the old one, and the note that says why. */
  readonly loses?: { readonly attempt: Attempt; readonly said: RegExp };
}

const HERE = 'alice@HOST';
const ELSEWHERE = 'someone@elsewhere.example';
const NAME = 'client.example';
const RELAY = 'permit_mynetworks, reject_unauth_destination';

const REMOVALS: readonly Removal[] = [
  {
    what: 'reject_maps_rbl',
    main: {
      smtpd_relay_restrictions: RELAY,
      smtpd_client_restrictions: 'permit_mynetworks, reject_maps_rbl',
      maps_rbl_domains: 'clean.test, listed.test',
    },
    attempts: [
      { helo: NAME, to: HERE, expected: /^554 5\.7\.1 .*blocked using listed\.test/ },
      { helo: NAME, to: ELSEWHERE, expected: /^554 / },
    ],
  },
  {
    what: 'reject_maps_rbl',
    main: {
      smtpd_relay_restrictions: RELAY,
      smtpd_client_restrictions: 'permit_mynetworks reject_maps_rbl',
      maps_rbl_domains: 'clean.test',
    },
    attempts: [
      { helo: NAME, to: HERE, expected: /^250 / },
      { helo: NAME, to: ELSEWHERE, expected: /^554 5\.7\.1 .*Relay access denied/ },
    ],
  },
  {
    what: 'check_relay_domains',
    main: {
      smtpd_relay_restrictions: '',
      smtpd_recipient_restrictions: 'permit_mynetworks,\n  check_relay_domains,\n  reject',
      relay_domains: '',
    },
    attempts: [
      { helo: NAME, to: HERE, expected: /^250 / },
      { helo: NAME, to: ELSEWHERE, expected: /^554 5\.7\.1 .*Relay access denied/ },
    ],
  },
  {
    what: 'check_relay_domains',
    main: {
      smtpd_recipient_restrictions: '',
      smtpd_relay_restrictions: 'permit_mynetworks, check_relay_domains',
      relay_domains: 'partner.example',
    },
    // This machine's name on the host is client.partner.example.
    attempts: [
      { helo: NAME, to: HERE, expected: /^250 / },
      { helo: NAME, to: ELSEWHERE, expected: /^250 / },
      { helo: NAME, to: 'someone@partner.example', expected: /^250 / },
    ],
  },
  {
    what: 'permit_naked_ip_address',
    main: {
      smtpd_relay_restrictions: RELAY,
      smtpd_helo_restrictions: 'permit_mynetworks, permit_naked_ip_address, reject',
    },
    attempts: [
      { helo: '192.0.2.7', to: HERE, expected: /^250 / },
      { helo: '192.0.2.7', to: ELSEWHERE, expected: /^554 5\.7\.1 .*Relay access denied/ },
      { helo: '192.0.2.777', to: HERE, expected: /^501 5\.5\.2 / },
      { helo: NAME, to: HERE, expected: /^554 5\.7\.1 .*Helo command rejected/ },
    ],
  },
  {
    what: 'permit_naked_ip_address',
    main: {
      smtpd_relay_restrictions: '',
      smtpd_recipient_restrictions: 'permit_mynetworks, permit_naked_ip_address, reject_unauth_destination',
    },
    attempts: [
      { helo: '192.0.2.7', to: HERE, expected: /^250 / },
      { helo: NAME, to: HERE, expected: /^250 / },
      { helo: NAME, to: ELSEWHERE, expected: /^554 5\.7\.1 .*Relay access denied/ },
    ],
    loses: {
      attempt: { helo: '192.0.2.7', to: ELSEWHERE, expected: /^250 / },
      said: /permit_naked_ip_address: it let every client .* relay anywhere: from now on only mail for this host/,
    },
  },
];

async function rcpt(host: LabHost, { helo, to: recipient }: Attempt): Promise<string> {
  const rcptTo = `RCPT TO:<${recipient.replace('HOST', host.name)}>`;
  return (await smtp(host, `HELO ${helo}`, 'MAIL FROM:<stranger@away.example>', rcptTo)).at(-1) ?? '';
}

async function sees(host: LabHost, attempts: readonly Attempt[], where: string): Promise<void> {
  for (const one of attempts) {
    const answer = await rcpt(host, one);
    if (one.expected.test(answer)) continue;
    const lists = await host.run("postconf -n | grep -E '^(smtpd_.*_restrictions|relay_domains)'; journalctl -q -o cat -n 5 -t postfix/smtpd"); // oxfmt-ignore
    assert.fail(`${where}: ${one.helo} to ${one.to}: ${answer}, not ${String(one.expected)}\n${lists}`);
  }
}

describe('restrictions that Postfix 3.9 removed, on Debian 12 and 13', () => {
  let old: LabHost;
  let now: LabHost;
  let flags: string[];
  let stock: string;
  let asInstalled: string;

  before(async () => {
    [old, now] = await Promise.all([postfixHost('bookworm'), postfixHost('trixie')]);
    asInstalled = (await old.read('/etc/postfix/main.cf')).toString();
    flags = ['apply', '--yes', ...to(now), ...(await issuedBy(await lab.acme()))];
    // The recipe itself comes first, so that each later apply has only the one thing to do.
    const { code, stdout, stderr } = await hardenMail(flags);
    assert.equal(code, 0, stdout + stderr);
    stock = (await now.read('/etc/postfix/main.cf')).toString();
  });
  after(() => Promise.all([old, now].map((host) => host.stop())));

  for (const { what, main, attempts, loses } of REMOVALS) {
    const where = Object.keys(main).find((name) => main[name]?.includes(what)) ?? '';
    it(`${what} in ${where}: 12 serves, 13 answers 451, and apply brings back what 12 did`, async () => {
      await writeMain(old, asInstalled, main);
      await sees(old, [...attempts, ...(loses ? [loses.attempt] : [])], 'Debian 12');
      const { stdout: ahead } = await hardenMail(['check', '--upgrade-to', 'trixie', ...to(old)]);
      assert.match(
        ahead,
        new RegExp(`Postfix 3\\.10\\S* no longer has ${what}: from the upgrade until the next apply`),
      );
      assert.match(ahead, new RegExp(`/etc/postfix/main\\.cf:\\d+: ${where} has ${what}: `));

      await writeMain(now, stock, main);
      await sees(now, [{ helo: NAME, to: HERE, expected: /^451 4\.3\.5 .*Server configuration error/ }], 'Debian 13');
      const { code, stdout, stderr } = await hardenMail(flags);
      assert.equal(code, 0, stdout + stderr);
      await sees(now, attempts, 'Debian 13, after apply');
      if (loses) {
        assert.match(stdout, loses.said);
        await sees(
          now,
          [{ ...loses.attempt, expected: /^554 5\.7\.1 .*Relay access denied/ }],
          'Debian 13, after apply',
        );
      }
      const again = await hardenMail(flags);
      assert.match(again.stdout, /ok: nothing to do/, again.stdout + again.stderr);
    });
  }
});
