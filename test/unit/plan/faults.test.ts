import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';
import type { Bytes, Note, Policy } from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { faultsOf } from '../../../src/plan/as-found/faults.ts';
import { MAIN_CF, MASTER_CF, openWorkspace } from '../../../src/plan/workspace.ts';
import { afterwards, cases } from '../../support/plan/cases.ts';
import { host, type Description } from '../../support/plan/host.ts';

const stock = cases().find(({ title }) => title === 'recipe/stock-debian-12')!;
const bytesOf = (path: string): Bytes => stock.snapshot.files[path]!.bytes;
const DOVECOT = Object.fromEntries(
  Object.values(stock.snapshot.files).flatMap(({ path, bytes }) => (path.startsWith('/etc/dovecot/') || path.startsWith('/usr/share/dovecot/') ? [[path, bytes]] : [])), // oxfmt-ignore
);

/** The stock host of Debian 12 with lines at the end of main.cf and master.cf. */
function hostWith(main: string, master = '', description: Description = {}): ReturnType<typeof host> {
  const files = { ...DOVECOT, [MAIN_CF]: bytesOf(MAIN_CF) + main, [MASTER_CF]: bytesOf(MASTER_CF) + master };
  return host(files, description);
}

function faults(main: string, master = '', description: Description = {}): string[] {
  const { snapshot } = hostWith(main, master, description);
  return faultsOf(openWorkspace(snapshot).workspace, snapshot.facts).map(({ text, todo }) => `${text} → ${todo}`);
}

function notesOf({ snapshot, policy }: ReturnType<typeof host>, over: Partial<Policy> = {}): readonly Note[] {
  return compose(snapshot, { ...policy, ...over }).notes;
}

const lastLine = (bytes: Bytes): number => bytes.split('\n').length;
const MAIN_END = lastLine(bytesOf(MAIN_CF));
const MASTER_END = lastLine(bytesOf(MASTER_CF));

describe('plan: faults of the files as found', () => {
  it('a stock host has no fault that the recipe does not repair', () => {
    assert.deepEqual(faults(''), []);
  });

  const FOUND: readonly (readonly [what: string, main: string, master: string, said: RegExp, over?: Description])[] = [
    ['a table without its index', '', '', /main\.cf:\d+: alias_maps: hash:\/etc\/aliases has no \/etc\/aliases\.db: every lookup there fails, .* → `newaliases`$/, { lostMaps: [{ parameter: 'alias_maps', map: 'hash:/etc/aliases', file: '/etc/aliases.db' }] }], // oxfmt-ignore
    ['a table of a master.cf entry without its index', '', `10026 inet n - y - - smtpd\n  -o smtpd_client_restrictions=check_client_access,hash:/etc/postfix/x,reject\n`, new RegExp(`master\\.cf:${MASTER_END + 1}: 10026/inet smtpd_client_restrictions: hash:/etc/postfix/x has no .* → \`postmap hash:/etc/postfix/x\`$`), { lostMaps: [{ parameter: '10026/inet/smtpd_client_restrictions', map: 'hash:/etc/postfix/x', file: '/etc/postfix/x.db' }] }], // oxfmt-ignore
    ['a table of a type that Postfix lacks', 'virtual_alias_maps = mysql:/etc/postfix/x.cf\n', '', /virtual_alias_maps: Postfix knows no table of the type of mysql:\/etc\/postfix\/x\.cf: .*postfix-mysql$/, { lostMaps: [{ parameter: 'virtual_alias_maps', map: 'mysql:/etc/postfix/x.cf', file: '-' }] }], // oxfmt-ignore
    ['a value that a blank cuts', '', '10026 inet n - y - - smtpd\n  -o smtpd_client_restrictions=permit_mynetworks, reject\n', new RegExp(`master\\.cf:${MASTER_END + 1}: the blank in -o smtpd_client_restrictions=permit_mynetworks, reject of 10026/inet ends the value, and smtpd dies`)], // oxfmt-ignore
    ['a word that belongs to no option', '', '10026 inet n - y - - smtpd -o smtpd_helo_required=yes syslog_name=x\n', /"syslog_name=x" of 10026\/inet belongs to no option, and smtpd dies/], // oxfmt-ignore
    ['an option without a value', '', '10026 inet n - y - - smtpd -o smtpd_helo_required\n', new RegExp(`master\\.cf:${MASTER_END}:\\d+: expected name=value.*smtpd of 10026/inet dies`)], // oxfmt-ignore
    ['a switch that is neither on nor off', 'smtpd_helo_required = maybe\n', '', new RegExp(`main\\.cf:${MAIN_END}: smtpd_helo_required = maybe is neither yes nor no: each smtpd dies`)], // oxfmt-ignore
    ['a switch of a master.cf entry that is neither on nor off', '', '10026 inet n - y - - smtpd -o smtpd_tls_auth_only=true\n', /smtpd_tls_auth_only = true is neither yes nor no: 10026\/inet dies/], // oxfmt-ignore
    ['restriction lists without a refusal to relay', 'smtpd_relay_restrictions = permit_mynetworks\n', '', /smtp\/inet serves nobody: neither .* smtpd dies at start → end smtpd_relay_restrictions/], // oxfmt-ignore
    ['a TLS level that no server has', 'smtpd_tls_security_level = dane\n', '', /smtp\/inet serves nobody: smtpd_tls_security_level = dane is no level of a server.* → set it to may or encrypt/], // oxfmt-ignore
    ['mandatory TLS that blocks the return path of a filter', 'smtpd_tls_security_level = encrypt\n', '127.0.0.1:10025 inet n - y - - smtpd\n', new RegExp(`master\\.cf:${MASTER_END}: 127\\.0\\.0\\.1:10025/inet takes mail only inside TLS because .*main\\.cf says so.* → -o smtpd_tls_security_level=may`)], // oxfmt-ignore
    ['mandatory TLS that blocks the return path of a filter, with the old setting', 'smtpd_tls_security_level =\nsmtpd_enforce_tls = yes\n', '10025 inet n - y - - smtpd -o content_filter=\n', /10025\/inet takes mail only inside TLS because/], // oxfmt-ignore
    ['implicit TLS on 587', '', 'submission inet n - y - - smtpd\n  -o smtpd_tls_wrappermode=yes\n', new RegExp(`master\\.cf:${MASTER_END}: submission/inet waits for TLS at once, and clients of port 587 begin with STARTTLS`)], // oxfmt-ignore
    ['passwords before TLS on 587', '', 'submission inet n - y - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n  -o smtpd_tls_auth_only=no\n  -o smtpd_sasl_type=dovecot\n  -o smtpd_sasl_path=private/auth\n', /submission\/inet takes passwords before TLS → -o smtpd_tls_auth_only=yes/], // oxfmt-ignore
    ['a socket that Dovecot does not create', 'smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = private/dovecot-auth\n', '', /smtp\/inet offers AUTH by the socket \/var\/spool\/postfix\/private\/dovecot-auth, which Dovecot's files do not make/], // oxfmt-ignore
  ];
  for (const [what, main, master, said, over] of FOUND)
    it(`the plan reports ${what}`, () => {
      const found = faults(main, master, over);
      assert.ok(
        found.some((one) => said.test(one)),
        found.join('\n'),
      );
    });

  it('the plan reports no fault in files that only resemble one', () => {
    const main = 'smtpd_tls_security_level = encrypt\n';
    const master = [
      '127.0.0.1:10025 inet n - y - - smtpd -o smtpd_tls_security_level=none',
      '10026 inet n - y - - smtpd -o { smtpd_client_restrictions = permit_mynetworks, reject }',
      'policy unix - n n - 0 spawn user=nobody argv=/usr/bin/policyd-spf',
      'dovecot unix - n n - - pipe flags=DRhu user=vmail argv=/usr/lib/dovecot/deliver -d ${recipient}',
      'submission inet n - y - - smtpd -o smtpd_tls_auth_only=no -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes -o smtpd_sasl_type=dovecot -o smtpd_sasl_path=inet:127.0.0.1:12345', // oxfmt-ignore
    ];
    assert.deepEqual(faults(main, `${master.join('\n')}\n`), []);
  });

  it('a fault is a warning with the next step when the plan leaves it, and information when the plan repairs it', () => {
    const lostMaps = [{ parameter: 'alias_maps', map: 'hash:/etc/aliases', file: '/etc/aliases.db' }];
    const left = notesOf(hostWith('', '', { lostMaps })).filter(({ text }) => text.includes('alias_maps'));
    assert.deepEqual(left.map(({ level }) => level), ['warning']); // oxfmt-ignore
    assert.match(left[0]?.text ?? '', /\. Next: `newaliases`$/);
    const master = 'smtps inet n - y - - smtpd\n  -o smtpd_client_restrictions=permit_sasl_authenticated, reject\n  -o smtpd_tls_wrappermode=yes\n'; // oxfmt-ignore
    const [repaired] = notesOf(hostWith('', master)).filter(({ text }) => text.includes('the blank in'));
    assert.equal(repaired?.level, 'info');
    assert.match(repaired.text, /\. This plan repairs it$/);
  });

  it('no plan makes such a fault, with either profile', function () {
    this.timeout(60_000); // plans of every case
    let seen = 0;
    // A plan of each takes its time: one of five, and all of strict.
    const some = cases().filter(({ title, expected }, at) => !expected.error && (at % 5 === 0 || title.startsWith('strict/'))); // oxfmt-ignore
    for (const one of some) {
      const before = openWorkspace(one.snapshot);
      const known = faultsOf(before.workspace, one.snapshot.facts).map(({ id }) => id);
      const wanted: readonly Partial<Policy>[] = [{}, { profile: 'strict', asked: ['require-tls-inbound'] }];
      for (const over of wanted) {
        try {
          const after = afterwards(one, compose(one.snapshot, { ...one.policy, ...over }));
          const made = faultsOf(openWorkspace(after).workspace, after.facts).filter(({ id }) => !known.includes(id));
          assert.deepEqual(made.map(({ text }) => text), [], one.title); // oxfmt-ignore
          seen++;
        } catch (error) {
          if (!(error instanceof HardenMailError)) throw error;
        }
      }
    }
    assert.ok(seen > 50, `${seen}`);
  });

  it('a fault has its place in the files as found, even if the plan adds lines above it', () => {
    const [note] = notesOf(hostWith('', 'submission inet n - y - - smtpd -o smtpd_tls_wrappermode=yes\n')).filter(({ text }) => text.includes('TLS at once')); // oxfmt-ignore
    assert.match(note?.text ?? '', new RegExp(`^/etc/postfix/master\\.cf:${MASTER_END}: submission/inet waits`));
  });

  it('strict opens 587 for STARTTLS when main.cf has implicit TLS for every port', () => {
    const notes = notesOf(hostWith('smtpd_tls_wrappermode = yes\n'), { profile: 'strict' });
    const waiting = notes.filter(({ text }) => text.includes('waits for TLS at once'));
    assert.deepEqual(waiting.map(({ text }) => / (\S+) waits/.exec(text)?.[1]), ['smtp/inet']); // oxfmt-ignore
  });

  it('strict with --require-tls-inbound leaves an entry on a loopback address as it is', () => {
    const { snapshot, policy } = hostWith('', '127.0.0.1:25 inet n - y - - smtpd -o content_filter=\n');
    const { settings } = compose(snapshot, { ...policy, profile: 'strict', asked: ['require-tls-inbound'] });
    const levels = settings.filter(({ setting }) => / smtpd_tls_security_level$/.test(setting));
    assert.ok(levels.some(({ setting, after }) => setting.startsWith('smtp/inet ') && after === 'encrypt'));
    assert.deepEqual(levels.filter(({ setting }) => setting.startsWith('127.')), []); // oxfmt-ignore
  });
});
