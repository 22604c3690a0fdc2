/**
 * What new versions of Postfix removed, renamed or warn of, on real hosts: the same files serve on the old release, the new one
 * refuses mail or warns, and after apply everything is as on the old one.
 */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import type { ReleaseName } from '../../src/lab/images.ts';
import { hardenMail, issuedBy, to } from '../support/cli.ts';
import { SMTP, talkInClear } from '../support/talk.ts';

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
  const talk = await talkInClear({ address: host.address, port: 25, name: host.name, root: '' });
  try {
    await talk.until(SMTP);
    const lines = await talk.ask(`HELO ${helo}`, SMTP);
    for (const line of ['MAIL FROM:<stranger@away.example>', `RCPT TO:<${recipient.replace('HOST', host.name)}>`])
      lines.push(...(await talk.ask(line, SMTP)));
    return lines.at(-1) ?? '';
  } finally {
    talk.end();
  }
}

async function sees(host: LabHost, attempts: readonly Attempt[], where: string): Promise<void> {
  for (const one of attempts) {
    const answer = await rcpt(host, one);
    if (one.expected.test(answer)) continue;
    const lists = await host.run("postconf -n | grep -E '^(smtpd_.*_restrictions|relay_domains)'; journalctl -q -o cat -n 5 -t postfix/smtpd"); // oxfmt-ignore
    assert.fail(`${where}: ${one.helo} to ${one.to}: ${answer}, not ${String(one.expected)}\n${lists}`);
  }
}

/** The bridge of the lab: this machine's address on the network of the host. */
async function clientOf(host: LabHost): Promise<string> {
  return host.address.replace(/\d+$/, (last) => `${Math.floor((Number(last) - 1) / 16) * 16 + 1}`);
}

/** The stock main.cf with these settings; mail for elsewhere is taken and goes nowhere. */
async function write(host: LabHost, stock: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const all = { mynetworks: '127.0.0.0/8', mydestination: '$myhostname, localhost', default_transport: 'discard', relay_transport: 'discard', smtpd_delay_reject: 'yes', ...settings }; // oxfmt-ignore
  const kept = stock.split('\n').filter((line) => !Object.keys(all).some((name) => line.startsWith(`${name} =`)));
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  await host.write('/etc/postfix/main.cf', [...kept, ...lines, ''].join('\n'));
  await host.run('touch -d "1 minute ago" /etc/postfix/main.cf; systemctl restart postfix');
}

/** A stock host on which this machine has a name and stands on one block list. */
async function prepared(release: ReleaseName): Promise<LabHost> {
  const host = await lab.host({ release, mail: true, users: [{ name: 'alice', password: 'wonder land' }] });
  const client = await clientOf(host);
  const acme = await lab.acme();
  const reversed = client.split('.').toReversed().join('.');
  await acme.setA(`${reversed}.listed.test`, '127.0.0.2');
  await host.run(`echo '${client} client.partner.example' >>/etc/hosts`);
  return host;
}

describe('restrictions that Postfix 3.9 removed, on Debian 12 and 13', () => {
  let old: LabHost;
  let now: LabHost;
  let flags: string[];
  let stock: string;
  let asInstalled: string;

  before(async () => {
    [old, now] = await Promise.all([prepared('bookworm'), prepared('trixie')]);
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
      await write(old, asInstalled, main);
      await sees(old, [...attempts, ...(loses ? [loses.attempt] : [])], 'Debian 12');
      const { stdout: ahead } = await hardenMail(['check', '--upgrade-to', 'trixie', ...to(old)]);
      assert.match(
        ahead,
        new RegExp(`Postfix 3\\.10\\S* no longer has ${what}: from the upgrade until the next apply`),
      );
      assert.match(ahead, new RegExp(`/etc/postfix/main\\.cf:\\d+: ${where} has ${what}: `));

      await write(now, stock, main);
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

describe('parameters that Postfix 3.11 warns of, on Debian testing', () => {
  let host: LabHost;
  let flags: string[];

  /** Old name, value, and the parameters by which the programs read it. */
  const OLD: readonly (readonly [name: string, value: string, ...read: string[]])[] = [
    ['authorized_verp_clients', '192.0.2.0/24', 'smtpd_authorized_verp_clients'],
    ['fallback_relay', '[relay.example]', 'smtp_fallback_relay'],
    ['virtual_maps', 'static:nobody', 'virtual_alias_maps'],
    ['smtpd_per_record_deadline', 'yes', 'smtpd_per_request_deadline'],
    ['smtp_per_record_deadline', 'yes', 'smtp_per_request_deadline'],
    ['lmtp_per_record_deadline', 'yes', 'lmtp_per_request_deadline'],
    ['postscreen_blacklist_action', 'drop', 'postscreen_denylist_action'],
    ['postscreen_whitelist_interfaces', '!192.0.2.1, static:all', 'postscreen_allowlist_interfaces'],
    ['postscreen_dnsbl_whitelist_threshold', '-2', 'postscreen_dnsbl_allowlist_threshold'],
    ['postscreen_dnsbl_ttl', '12', 'postscreen_dnsbl_max_ttl'],
    ['smtpd_client_connection_limit_exceptions', '192.0.2.0/24', 'smtpd_client_event_limit_exceptions'],
    ['tlsproxy_client_level', 'encrypt', 'tlsproxy_client_security_level'],
    ['tlsproxy_client_policy', 'static:may', 'tlsproxy_client_policy_maps'],
    ['disable_dns_lookups', 'no', 'smtp_dns_support_level', 'lmtp_dns_support_level'],
    ['smtpd_tls_eecdh_grade', 'auto', 'smtpd_tls_eecdh_grade'],
    ['smtp_cname_overrides_servername', 'no', 'smtp_cname_overrides_servername'],
    ['lmtp_cname_overrides_servername', 'no', 'lmtp_cname_overrides_servername'],
    ['tls_legacy_public_key_fingerprints', 'no'],
  ];
  /** The old switches of TLS, and the level that they mean. */
  const LEVELS: readonly (readonly [switches: Readonly<Record<string, string>>, level: string, means: string])[] = [
    [{ smtpd_use_tls: 'yes' }, 'smtpd_tls_security_level', 'may'],
    [{ smtp_enforce_tls: 'yes', smtp_tls_enforce_peername: 'no' }, 'smtp_tls_security_level', 'encrypt'],
    [{ lmtp_enforce_tls: 'yes' }, 'lmtp_tls_security_level', 'verify'],
    [{ postscreen_use_tls: 'no' }, 'postscreen_tls_security_level', 'none'],
    [{ tlsproxy_enforce_tls: 'yes' }, 'tlsproxy_tls_security_level', 'encrypt'],
  ];

  const warnings = async () => (await host.exec('{ postconf -n; postconf -P; } 2>&1 >/dev/null')).stdout;
  const reads = async () => host.run(`postconf -x ${OLD.flatMap(([, , ...read]) => read).join(' ')} 2>/dev/null`);

  before(async () => {
    host = await lab.host({ release: 'forky', mail: true, users: [{ name: 'alice', password: 'wonder land' }] });
    flags = ['apply', '--yes', ...to(host), ...(await issuedBy(await lab.acme()))];
  });
  after(() => host.stop());

  it('are rewritten: no program reads another value, postconf has nothing to say, and a second apply nothing to do', async () => {
    const lines = [...OLD.map(([name, value]) => [name, value]), ...LEVELS.flatMap(([switches]) => Object.entries(switches))]; // oxfmt-ignore
    const kept = (await host.read('/etc/postfix/main.cf')).toString().replace(/^smtpd?_tls_security_level.*\n/gm, '');
    await host.write('/etc/postfix/main.cf', `${kept}${lines.map((line) => `${line.join(' = ')}\n`).join('')}`);
    await host.run("postconf -Me 'amavis/unix=amavis unix - - n - 2 smtp -o disable_dns_lookups=yes'");
    await host.run('touch -d "1 minute ago" /etc/postfix/*.cf; systemctl restart postfix');
    const said = await warnings();
    for (const [name] of lines)
      if (name !== 'tls_legacy_public_key_fingerprints')
        assert.match(said, new RegExp(`support for parameter "?${name}"?`));
    const before = await reads();

    const { code, stdout, stderr } = await hardenMail(flags);
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await warnings(), '');
    assert.equal(await reads(), before);
    for (const [, level, means] of LEVELS) assert.equal((await host.run(`postconf -xh ${level}`)).trim(), means, level);
    assert.equal(
      (await host.run('postconf -P amavis/unix/smtp_dns_support_level')).trim().split(' ').at(-1),
      'disabled',
    );
    const again = await hardenMail(flags);
    assert.match(again.stdout, /ok: nothing to do/, again.stdout + again.stderr);
  });
});
