import assert from 'node:assert/strict';
import { parametersOf } from '../../../src/exposure/config.ts';
import { parseMain } from '../../../src/formats/postfix/main-cf.ts';
import { parseMaster } from '../../../src/formats/postfix/master-cf.ts';
import { modernize, type Modernized } from '../../../src/modernize/modernize.ts';
import { POSTFIX_RULES } from '../../../src/modernize/rules.ts';
import { compose } from '../../../src/plan/compose.ts';
import { foresee } from '../../../src/plan/upgrade/foresee.ts';
import { host } from '../../support/plan/host.ts';

const SMTP = 'smtp inet n - y - - smtpd\n';

function modern(main: string, master = SMTP, version = '3.11.0'): Modernized & { main: string; master: string } {
  const trees = { main: parseMain(main, 'main.cf'), master: parseMaster(master, 'master.cf') };
  const facts = { postfix: version, dovecot: null, postconf: { myhostname: 'mx1.example.test' } };
  const read = (service: Parameters<typeof parametersOf>[1], name: string) =>
    parametersOf(trees.main, service, facts).of(name);
  const found = modernize(trees, { version, tasks: ['sasl', 'starttls'], read });
  return { ...found, main: found.trees.main.bytes, master: found.trees.master.bytes };
}

const LEVEL = 'compatibility_level = 3.6\n';

describe('modernize: restrictions that Postfix 3.9 removed', () => {
  it('each becomes what it meant, in its own line', () => {
    const list = (members: string) =>
      `${LEVEL}smtpd_recipient_restrictions =\n  permit_mynetworks,\n  # ours\n${members}`;
    const before = list('  reject_maps_rbl,\n  check_relay_domains\nmaps_rbl_domains = a.example, b.example\n');
    const after = list('  reject_rbl_client a.example, reject_rbl_client b.example,\n  reject_unauth_destination\nmaps_rbl_domains = a.example, b.example\n'); // oxfmt-ignore
    assert.equal(modern(before).main, after);
    assert.equal(modern(before, SMTP, '3.8.6').main, before);
  });

  it('reject_maps_rbl without a domain asked nobody, and goes', () => {
    const { main } = modern(`${LEVEL}smtpd_client_restrictions = permit_mynetworks, reject_maps_rbl, reject_unknown_client\n`); // oxfmt-ignore
    assert.equal(main, `${LEVEL}smtpd_client_restrictions = permit_mynetworks, reject_unknown_client\n`);
  });

  it('warn_if_reject stays with every refusal', () => {
    const { main } = modern(`${LEVEL}smtpd_client_restrictions = warn_if_reject reject_maps_rbl\nmaps_rbl_domains = a.example b.example\n`); // oxfmt-ignore
    assert.match(main, /^smtpd_client_restrictions = warn_if_reject reject_rbl_client a\.example, warn_if_reject reject_rbl_client b\.example$/m); // oxfmt-ignore
  });

  it('check_relay_domains before another restriction stays the end of the list', () => {
    const { main } = modern(`${LEVEL}smtpd_recipient_restrictions = check_relay_domains, reject_rbl_client a.example\n`); // oxfmt-ignore
    assert.match(main, /= permit_auth_destination, reject_unauth_destination, reject_rbl_client a\.example$/m);
  });

  it('clients in relay_domains relay on by their name, and a table there is named as lost', () => {
    const lists = `${LEVEL}smtpd_recipient_restrictions = check_relay_domains\n`;
    const plain = modern(`${lists}relay_domains = partner.example\n`);
    assert.match(plain.main, /= check_client_access inline:\{\{partner\.example=OK\}\}, reject_unauth_destination$/m);
    const table = modern(`${lists}relay_domains = hash:/etc/postfix/relay\n`);
    assert.match(table.main, /^smtpd_recipient_restrictions = reject_unauth_destination$/m);
    assert.match(table.rewritten[0]?.loss ?? '', /hash:\/etc\/postfix\/relay \(relay_domains\)/);
  });

  it('permit_naked_ip_address permits only mail for this host where it would let strangers relay, and that is named', () => {
    const open = modern(`${LEVEL}smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = permit_naked_ip_address, reject_unauth_destination\n`); // oxfmt-ignore
    assert.match(open.main, /check_helo_access regexp:.* permit_auth_destination\} .*, reject_unauth_destination$/m);
    assert.match(open.rewritten[0]?.loss ?? '', /let every client .* relay anywhere/);
    const guarded = modern(`${LEVEL}smtpd_recipient_restrictions = permit_naked_ip_address, reject_unauth_destination\n`); // oxfmt-ignore
    assert.match(guarded.main, /= check_helo_access regexp:\{.* OK\} .*, reject_unauth_destination$/m);
  });

  it('an option of master.cf is written in braces, and a macro and a class count as lists', () => {
    const master = `${SMTP}  -o smtpd_helo_restrictions=permit_naked_ip_address,reject\n`;
    assert.match(modern(LEVEL, master).master, /-o \{ smtpd_helo_restrictions = check_helo_access regexp:.*,reject \}/);
    const main = `${LEVEL}smtpd_restriction_classes = checked\nchecked = reject_maps_rbl\nmua_client_restrictions = reject_maps_rbl\nmaps_rbl_domains = a.example\n`; // oxfmt-ignore
    assert.equal(modern(main).main.match(/reject_rbl_client a\.example/g)?.length, 2);
  });
});

describe('modernize: renamed parameters', () => {
  it('each gets its new name in its line, and keeps value and layout', () => {
    for (const { what, step } of POSTFIX_RULES) {
      if (step.how !== 'rename' || step.value) continue;
      const { main } = modern(`# a\n${what}   =  x,\n\ty # b\nz = 1\n`);
      assert.equal(main, `# a\n${step.to}   =  x,\n\ty # b\nz = 1\n`);
    }
  });

  it('a bare number of postscreen_dnsbl_ttl is a number of hours', () => {
    assert.equal(modern('postscreen_dnsbl_ttl = 24\n').main, 'postscreen_dnsbl_max_ttl = 24h\n');
  });

  it('the exceptions that exempted nobody still exempt nobody', () => {
    const { main } = modern('smtpd_client_connection_limit_exceptions = 192.0.2.0/24\n');
    assert.equal(main, 'smtpd_client_event_limit_exceptions =\n');
  });

  it('an old name goes where the new one is set, which outranks it', () => {
    assert.equal(modern('virtual_maps = hash:/a\nvirtual_alias_maps = hash:/b\n').main, 'virtual_alias_maps = hash:/b\n'); // oxfmt-ignore
    const master = `${SMTP}  -o virtual_maps=\n`;
    assert.equal(modern('virtual_alias_maps = hash:/b\n', master).master, SMTP);
    assert.match(modern('virtual_maps = hash:/b\n', master).master, /-o virtual_alias_maps=\n/);
  });

  it('a parameter that another one names stays, and the place is reported', () => {
    const main = 'virtual_maps = hash:/a\nproxy_read_maps = $virtual_maps\n';
    const { main: after, told } = modern(main);
    assert.equal(after, main);
    assert.match(told.find(({ rule }) => rule.what === 'virtual_maps')?.todo ?? '', /^proxy_read_maps takes its value/);
  });
});

describe('modernize: TLS and DNS', () => {
  it('the old switches of an entry become the level that they mean', () => {
    const master = `${SMTP}  -o smtpd_enforce_tls=yes\nlmtp unix - - n - - lmtp\n  -o lmtp_enforce_tls=yes -o lmtp_tls_enforce_peername=no\n`; // oxfmt-ignore
    const after = `${SMTP}  -o smtpd_tls_security_level=encrypt\nlmtp unix - - n - - lmtp\n  -o lmtp_tls_security_level=encrypt\n`; // oxfmt-ignore
    assert.equal(modern('', master).master, after);
  });

  it('they go where a level is set, and postscreen keeps what smtpd’s level would change', () => {
    assert.equal(modern('smtp_use_tls = yes\nsmtp_tls_security_level = dane\n').main, 'smtp_tls_security_level = dane\n'); // oxfmt-ignore
    assert.match(modern('smtpd_use_tls = yes\npostscreen_use_tls = no\n').main, /^postscreen_tls_security_level = none$/m); // oxfmt-ignore
  });

  it('disable_dns_lookups becomes the level of the program that reads it', () => {
    const master = 'filter unix - - n - 2 smtp\n  -o disable_dns_lookups=yes\n';
    assert.match(modern('', master).master, /-o smtp_dns_support_level=disabled\n/);
    assert.equal(modern('disable_dns_lookups = no\n').main, '');
    assert.equal(modern('disable_dns_lookups = yes\n').main, 'smtp_dns_support_level = disabled\nlmtp_dns_support_level = disabled\n'); // oxfmt-ignore
  });

  it('a value other than the default stays, and is reported', () => {
    const { main, told } = modern('smtpd_tls_eecdh_grade = ultra\n');
    assert.equal(main, 'smtpd_tls_eecdh_grade = ultra\n');
    assert.equal(told.length, 1);
    assert.equal(modern('smtpd_tls_eecdh_grade = auto\n').main, '');
  });
});

describe('plan: Postfix’s half of an upgrade', () => {
  const MAIN = `${LEVEL}smtpd_relay_restrictions = permit_mynetworks, check_relay_domains\nrelay_domains =\npostscreen_blacklist_action = drop\n`; // oxfmt-ignore
  const files = (main: string) => ({ '/etc/postfix/main.cf': main, '/etc/postfix/master.cf': SMTP });

  it('check --upgrade-to names file and line, says that mail is refused meanwhile, and what apply writes', () => {
    const { snapshot, policy } = host(files(MAIN));
    const { notes, settings } = foresee(snapshot, policy, 'trixie', 'mx1', []);
    const told = notes.map(({ text }) => text);
    assert.ok(told.some((text) => /^Postfix 3\.10\S* no longer has check_relay_domains: .* 451 /.test(text)), told.join('\n')); // oxfmt-ignore
    assert.ok(told.some((text) => text.startsWith('/etc/postfix/main.cf:2: smtpd_relay_restrictions has check_relay_domains: '))); // oxfmt-ignore
    const list = settings.find(({ fragment }) => fragment === 'postfix:check_relay_domains');
    assert.equal(list?.after, 'permit_mynetworks, reject_unauth_destination');
    assert.ok(!settings.some(({ fragment }) => fragment === 'postfix:postscreen_blacklist_action'), '3.10 takes it');
  });

  it('apply on the new release writes it, a second plan has nothing to do, and the old release is left alone', () => {
    const planOf = (main: string, postfix: string) => {
      const { snapshot, policy } = host(files(main), { postfix });
      return compose(snapshot, policy);
    };
    const { changes } = planOf(MAIN, '3.11.0');
    const after = changes.find(({ path }) => path.endsWith('main.cf'))?.after ?? '';
    assert.match(after, /^smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination$/m); // oxfmt-ignore
    assert.match(after, /^postscreen_denylist_action = drop$/m);
    assert.ok(!planOf(after, '3.11.0').settings.some(({ fragment }) => fragment.startsWith('postfix:')));
    assert.ok(!planOf(MAIN, '3.7.11').settings.some(({ fragment }) => fragment.startsWith('postfix:')));
  });
});

describe('modernize: the rules', () => {
  it('have one record for each name and version, with a reason and a source', () => {
    const names = POSTFIX_RULES.map(({ what, kind }) => `${kind} ${what}`);
    assert.equal(new Set(names).size, names.length);
    for (const rule of POSTFIX_RULES) assert.ok(rule.why && rule.source && /^3\.\d/.test(rule.since), rule.what);
  });

  it('cover everything that postconf of 3.11 warns of', () => {
    const warned = 'authorized_verp_clients disable_dns_lookups fallback_relay lmtp_cname_overrides_servername lmtp_enforce_tls lmtp_per_record_deadline lmtp_tls_enforce_peername lmtp_tls_per_site lmtp_use_tls postscreen_blacklist_action postscreen_dnsbl_ttl postscreen_dnsbl_whitelist_threshold postscreen_enforce_tls postscreen_use_tls postscreen_whitelist_interfaces smtp_cname_overrides_servername smtp_enforce_tls smtp_per_record_deadline smtp_tls_enforce_peername smtp_tls_per_site smtp_use_tls smtpd_client_connection_limit_exceptions smtpd_enforce_tls smtpd_per_record_deadline smtpd_tls_dh1024_param_file smtpd_tls_eecdh_grade smtpd_use_tls tls_legacy_public_key_fingerprints tlsproxy_client_enforce_tls tlsproxy_client_level tlsproxy_client_per_site tlsproxy_client_policy tlsproxy_client_use_tls tlsproxy_enforce_tls tlsproxy_use_tls virtual_maps'; // oxfmt-ignore
    const known = POSTFIX_RULES.map(({ what }) => what);
    assert.deepEqual(
      warned.split(' ').filter((name) => !known.includes(name)),
      [],
    );
  });
});
