/**
 * After an edit of ours the real postconf sees the intended value, and nothing else differs: on every stock file of every
 * release, on the awkward files, and on generated ones.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { listMembers } from '../../src/formats/lists.ts';
import {
  mainFile,
  masterFile,
  NAMES,
  OPTIONS,
  optionValues,
  SERVICES,
  value,
} from '../unit/formats/postfix-arbitraries.ts';
import { casesOf, editMain, editMaster } from '../unit/formats/postfix-cases.ts';
import type { MainEdit, MasterEdit } from '../unit/formats/postfix-cases.ts';
import { RELEASES } from './debs.ts';
import { isComparable, judge } from './postfix.ts';
import type { Verdict } from './postfix.ts';
import { stockFiles } from './postfix-stock.ts';

const RUNS = Number(process.env['HARDEN_MAIL_ORACLE_RUNS'] ?? 10);

const WANTED = ['permit_mynetworks', 'permit_sasl_authenticated', 'reject_unauth_destination'];

/** What the recipe does to main.cf, and more. */
const MAIN: readonly MainEdit[] = [
  { set: 'smtpd_sasl_type', value: 'dovecot' },
  { set: 'smtpd_sasl_security_options', value: 'noanonymous' },
  { ensure: 'smtpd_recipient_restrictions', wanted: WANTED },
  { ensure: 'smtpd_relay_restrictions', wanted: WANTED },
  { set: 'smtpd_tls_cert_file', value: '/etc/letsencrypt/live/mx.example.test/fullchain.pem' },
  { set: 'smtpd_tls_security_level', value: 'encrypt' },
  { set: 'smtp_tls_session_cache_database', value: 'lmdb:${data_directory}/smtp_scache' },
  { set: 'mydestination', value: '$myhostname, example.test, localhost' },
  { insert: 'mynetworks', member: '[::1]/128', before: null },
  { set: 'recipient_delimiter', value: '' },
  { remove: 'smtpd_banner' },
  { remove: 'alias_maps' },
];

const MASTER: readonly MasterEdit[] = [
  { service: 'smtp inet', set: 'smtpd_tls_auth_only', value: 'yes' },
  { service: 'smtp inet', set: 'smtpd_client_restrictions', value: 'permit_sasl_authenticated, reject' },
  { service: 'relay unix', set: 'syslog_name', value: 'postfix/x' },
  { service: 'relay unix', remove: 'syslog_name' },
  { service: 'maildrop unix', set: 'syslog_name', value: 'postfix/x' },
  ...['smtps', 'submissions', '465'].map((name) => ({
    add: `${name} inet n - y - - smtpd`,
    options: [
      ['syslog_name', 'postfix/smtps'],
      ['smtpd_client_restrictions', 'permit_sasl_authenticated, reject'],
      ['smtpd_recipient_restrictions', ''],
    ] as const,
    under: ['submissions', 'smtps'],
  })),
];

const blanks = (text: string) => text.replace(/[ \t\r\n]+/g, ' ');

/** Checks one edit of main.cf by what the real binary said before and after. */
function checkMain(edit: MainEdit, before: Verdict, after: Verdict): void {
  assert.ok(after.accepted, after.stderr);
  const name = 'set' in edit ? edit.set : 'remove' in edit ? edit.remove : 'insert' in edit ? edit.insert : edit.ensure;
  const rest = ({ main }: Verdict) => [...main].filter(([key]) => key !== name);
  assert.deepEqual(rest(after), rest(before));
  const [was, is] = [before.main.get(name), after.main.get(name)];
  if ('set' in edit) assert.equal(is, blanks(edit.value));
  else if ('remove' in edit) assert.equal(is, undefined);
  else if ('insert' in edit) {
    const members = listMembers(was ?? '');
    const at = edit.before === null || !members.includes(edit.before) ? members.length : members.indexOf(edit.before);
    const member = listMembers(edit.member);
    const there = ` ${members.join(' ')} `.includes(` ${member.join(' ')} `);
    assert.deepEqual(listMembers(is ?? ''), there ? members : members.toSpliced(at, 0, ...member));
  } else {
    const members = listMembers(is ?? '');
    assert.deepEqual(
      edit.wanted.filter((member) => !members.includes(member)),
      [],
    );
    // The admin's own entries are there in their order.
    let at = -1;
    for (const member of listMembers(was ?? '')) {
      at = members.indexOf(member, at + 1);
      assert.ok(at >= 0, `${member} in ${is}`);
    }
  }
}

/** The same for master.cf. `-M` has one line a service, `-P` one a parameter. */
function checkMaster(edit: MasterEdit, before: Verdict, after: Verdict): void {
  assert.ok(after.accepted, after.stderr);
  const [name = '', type = ''] = ('add' in edit ? edit.add : edit.service).split(' ');
  const isService = (line: string) => line.split(/ +/).slice(0, 2).join(' ') === `${name} ${type}`;
  if ('add' in edit) {
    assert.deepEqual(
      after.services.filter((line) => !isService(line)),
      before.services,
    );
    assert.equal(after.services.filter(isService).length, 1);
    const own = (line: string) => line.startsWith(`${name}/${type}/`);
    assert.deepEqual(
      after.options.filter((line) => !own(line)),
      before.options,
    );
    const expected = edit.options.map(([key, text]) => `${name}/${type}/${key} = ${text}`.trimEnd());
    assert.deepEqual(after.options.filter(own), expected.sort());
    return;
  }
  const key = 'set' in edit ? edit.set : edit.remove;
  const isKey = (line: string) => line.startsWith(`${name}/${type}/${key} =`);
  assert.deepEqual(
    after.options.filter((line) => !isKey(line)),
    before.options.filter((line) => !isKey(line)),
  );
  const at = before.services.findLastIndex(isService);
  assert.deepEqual(after.services.toSpliced(at, 1), before.services.toSpliced(at, 1));
  const now = after.options.filter(isKey);
  if ('set' in edit) assert.deepEqual(now, [blanks(`${name}/${type}/${key} = ${edit.value}`).trimEnd()]);
  else if (before.services.filter(isService).length === 1) assert.deepEqual(now, []);
}

interface Trial<E> {
  readonly bytes: string;
  readonly edit: E;
}

for (const release of RELEASES) {
  const tryMain = async (trials: readonly Trial<MainEdit>[]) => {
    const edited = trials.map(({ bytes, edit }) => editMain(bytes, [edit]));
    trials.forEach(({ edit }, index) => assert.equal(editMain(edited[index] ?? '', [edit]), edited[index]));
    const verdicts = await judge(
      release,
      [...trials.map(({ bytes }) => bytes), ...edited].map((main) => ({ main })),
    );
    report(trials, edited, verdicts, checkMain);
  };
  const tryMaster = async (trials: readonly Trial<MasterEdit>[]) => {
    const edited = trials.map(({ bytes, edit }) => editMaster(bytes, [edit]));
    trials.forEach(({ edit }, index) => assert.equal(editMaster(edited[index] ?? '', [edit]), edited[index]));
    const verdicts = await judge(
      release,
      [...trials.map(({ bytes }) => bytes), ...edited].map((master) => ({ master })),
    );
    report(trials, edited, verdicts, checkMaster);
  };

  describe(`oracle: edits seen by postconf of ${release}`, () => {
    it('of the stock files', async () => {
      const { main, master } = await stockFiles(release);
      assert.ok(main.length >= 4 && master.length >= 1);
      await tryMain(main.flatMap(({ bytes }) => MAIN.map((edit) => ({ bytes, edit }))));
      const has = (bytes: string, edit: MasterEdit) =>
        'add' in edit || new RegExp(`^${edit.service.replace(' ', ' +')} `, 'm').test(bytes);
      await tryMaster(
        master.flatMap(({ bytes }) => MASTER.filter((edit) => has(bytes, edit)).map((edit) => ({ bytes, edit }))),
      );
    });

    it('of the awkward files', async () => {
      const main = casesOf<MainEdit>('postfix-main').filter(({ refused }) => refused === null);
      await tryMain(main.flatMap(({ before, edits }) => edits.map((edit) => ({ bytes: before, edit }))));
      const master = casesOf<MasterEdit>('postfix-master').filter(
        ({ refused, before }) => refused === null && isComparable(before),
      );
      await tryMaster(master.flatMap(({ before, edits }) => edits.map((edit) => ({ bytes: before, edit }))));
    });

    it('of generated files', async () => {
      const mainEdit = fc.oneof(
        fc.record({ set: fc.constantFrom(...NAMES), value }),
        fc.record({ remove: fc.constantFrom(...NAMES) }),
      );
      await tryMain(fc.sample(fc.record({ bytes: mainFile, edit: mainEdit }), RUNS));
      const service = fc.constantFrom(...SERVICES);
      const masterEdit = fc.oneof(
        fc.record({ service, set: fc.constantFrom(...OPTIONS), value: optionValues }),
        fc.record({ service, remove: fc.constantFrom(...OPTIONS) }),
      );
      const trials = fc
        .record({ bytes: masterFile.filter(isComparable), edit: masterEdit })
        .filter(({ bytes, edit }) => new RegExp(`^${edit.service.replace(' ', '[ \t]+')}[ \t]`, 'm').test(bytes));
      await tryMaster(fc.sample(trials, RUNS));
    });
  });
}

function report<E>(
  trials: readonly Trial<E>[],
  edited: readonly string[],
  verdicts: readonly Verdict[],
  check: (edit: E, before: Verdict, after: Verdict) => void,
): void {
  trials.forEach(({ bytes, edit }, index) => {
    const [before, after] = [verdicts[index], verdicts[index + trials.length]];
    assert.ok(before && after);
    try {
      check(edit, before, after);
    } catch (error) {
      throw new Error(JSON.stringify({ edit, bytes, edited: edited[index] }), { cause: error });
    }
  });
}
