/**
 * `npm run compare`: the share of corpus files that harden-mail, augtool and a lineinfile edit correctly, judged by the output of
 * the real postconf and doveconf before and after. Writes docs/editors.md. Needs root, Debian, and `augtool` (augeas-tools,
 * augeas-lenses). Each file gets the same edits. A file counts as correct if all of its edits are correct: the setting has the
 * value, nothing else has changed, and the same edit a second time changes nothing.
 */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dovecotFiles, loadDovecot, removeDovecot, setDovecot } from '../src/formats/dovecot/dovecot.ts';
import {
  DOVECOT_CONF,
  MAIN_CF,
  MASTER_CF,
  ownSamples,
  stockDovecot,
  stockPostfix,
  type Format,
  type Origin,
  type Sample,
} from '../test/oracle/corpus.ts';
import { grammarOf, RELEASES, VERSIONS, type Release } from '../test/support/debs.ts';
import { doveconf } from '../test/oracle/doveconf.ts';
import { checkDovecot } from '../test/oracle/dovecot-compare.ts';
import { dovecotEdits, MAIN, MASTER } from '../test/oracle/edits.ts';
import { checkMain, checkMaster } from '../test/oracle/postfix-check.ts';
import { judge } from '../test/oracle/postfix.ts';
import { editMain, editMaster } from '../test/support/formats/postfix-cases.ts';
import { augtool } from './compare/augtool.ts';
import { lineinfile } from './compare/lineinfile.ts';
import { isDovecot, isMaster, type Contender, type Edit, type Task } from './compare/task.ts';

/** One or two edits of each kind: the whole lists of test/oracle/edits.ts would take hours. */
const CHOSEN = [
  ...['smtpd_sasl_type', 'smtpd_tls_security_level', 'mydestination', 'smtpd_use_tls', 'smtpd_banner'],
  ...['smtpd_recipient_restrictions', 'smtpd_tls_auth_only', 'smtpd_client_restrictions', '465', 'ssl'],
  ...['auth_mechanisms', 'ssl_cert', 'ssl_server_cert_file', 'login_greeting'],
  'service auth > unix_listener /var/spool/postfix/private/auth > mode',
];

const CONTENDERS: Readonly<Record<string, Contender>> = {
  'harden-mail': async (tasks) => tasks.map(ours),
  augtool,
  lineinfile,
};

interface Subject {
  readonly sample: Sample;
  readonly release: Release;
  readonly reads: readonly string[];
  readonly edits: readonly Edit[];
}

/** A contender's result for each subject: empty if all edits were right, else the reason. */
type Result = ReadonlyMap<Subject, string>;

function ours({ files, edit }: Task): Record<string, string> | null {
  try {
    if (isDovecot(edit)) {
      const [config, path] = [loadDovecot(files, DOVECOT_CONF), edit.path.split(' > ')];
      const { value, home } = edit;
      return dovecotFiles(value === null ? removeDovecot(config, path) : setDovecot(config, path, value, home).config);
    }
    if (isMaster(edit)) return { ...files, [MASTER_CF]: editMaster(files[MASTER_CF] ?? '', [edit]) };
    return { ...files, [MAIN_CF]: editMain(files[MAIN_CF] ?? '', [edit]) };
  } catch {
    return null;
  }
}

async function subjects(): Promise<Subject[]> {
  const found: Subject[] = [];
  const add = (samples: readonly Sample[], release: Release) => {
    for (const sample of samples) {
      if (sample.origin === 'refused') continue;
      const edits = editsFor(sample, release);
      if (edits.length > 0) found.push({ sample, release, reads: readsOf(sample), edits });
    }
  };
  for (const release of RELEASES) {
    add(await stockPostfix(release, 'postfix-main'), release);
    add(await stockPostfix(release, 'postfix-master'), release);
    add(await stockDovecot(release), release);
  }
  for (const format of ['postfix-main', 'postfix-master'] as const) add(ownSamples(format, 'trixie'), 'trixie');
  for (const release of ['bookworm', 'forky'] as const) add(ownSamples('dovecot', release), release);
  return found;
}

const readsOf = ({ files, format }: Sample): string[] =>
  format === 'dovecot'
    ? [...new Set(loadDovecot(files, DOVECOT_CONF).readings.map(({ file }) => file))].filter((file) =>
        file.startsWith('/etc'),
      )
    : Object.keys(files);

/** The chosen edits that apply to a file, without the forbidden ones (they would permit what the file refuses). */
function editsFor({ format, files }: Sample, release: Release): Edit[] {
  const all: Record<Format, readonly Edit[]> = {
    'postfix-main': MAIN,
    'postfix-master': MASTER,
    dovecot: dovecotEdits(grammarOf(release), files),
  };
  return all[format].filter((edit) => {
    const name = isDovecot(edit) ? edit.path : 'add' in edit ? edit.add.split(' ', 1)[0] : nameOf(edit);
    if (!CHOSEN.includes(name ?? '')) return false;
    if (isDovecot(edit) || !isMaster(edit)) return true;
    const service = 'add' in edit ? edit.add.split(' ', 2).join(' ') : edit.service;
    const there = new RegExp(`^${service.replace(' ', '[ \\t]+')}[ \\t]`, 'm').test(files[MASTER_CF] ?? '');
    return there !== 'add' in edit;
  });
}

function nameOf(edit: Edit): string {
  if ('permitUsers' in edit) return edit.permitUsers;
  if ('set' in edit) return edit.set;
  return 'remove' in edit ? edit.remove : '';
}

interface Trial extends Task {
  readonly subject: Subject;
}

async function compete(all: readonly Subject[]): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  const trials = all.flatMap((subject) =>
    subject.edits.map((edit): Trial => ({ subject, edit, reads: subject.reads, files: subject.sample.files })),
  );
  for (const [name, contender] of Object.entries(CONTENDERS)) {
    const once = await contender(trials);
    const again = await contender(trials.map((trial, index) => ({ ...trial, files: once[index] ?? trial.files })));
    const faults = new Map(all.map((subject) => [subject, '']));
    const judged: { trial: Trial; files: Readonly<Record<string, string>> }[] = [];
    trials.forEach((trial, index) => {
      const [files, second] = [once[index], again[index]];
      const same = files && second && trial.reads.every((file) => files[file] === second[file]);
      if (files && same) judged.push({ trial, files });
      else faults.set(trial.subject, files ? 'a second time changes it again' : 'cannot read or write it');
    });
    for (const [index, why] of (await verdicts(judged)).entries()) {
      if (why !== '') faults.set(judged[index]!.trial.subject, why);
    }
    results.set(name, faults);
    process.stderr.write(`${name}: ${[...faults.values()].filter((why) => why === '').length} of ${faults.size}\n`);
  }
  return results;
}

/** The verdicts of the real binaries: empty if the edit is right. */
async function verdicts(all: readonly { trial: Trial; files: Readonly<Record<string, string>> }[]): Promise<string[]> {
  const found = all.map(() => '');
  for (const release of RELEASES) {
    const mine = [...all.entries()].filter(([, { trial }]) => trial.subject.release === release);
    for (const format of ['postfix', 'dovecot'] as const) {
      const some = mine.filter(
        ([, { trial }]) => (trial.subject.sample.format === 'dovecot') === (format === 'dovecot'),
      );
      const check = format === 'postfix' ? await postfix(release, some) : await dovecot(release, some);
      for (const [at, [index]] of some.entries()) {
        try {
          check(at);
        } catch {
          found[index] = 'something else changes, or the value is wrong';
        }
      }
    }
  }
  return found;
}

type Some = readonly (readonly [number, { trial: Trial; files: Readonly<Record<string, string>> }])[];

async function postfix(release: Release, some: Some): Promise<(at: number) => void> {
  const filesOf = (files: Readonly<Record<string, string>>) => ({
    ...(files[MAIN_CF] !== undefined && { main: files[MAIN_CF] }),
    ...(files[MASTER_CF] !== undefined && { master: files[MASTER_CF] }),
  });
  const subjects = [...new Set(some.map(([, { trial }]) => trial.subject))];
  const before = await judge(
    release,
    subjects.map(({ sample }) => filesOf(sample.files)),
    false,
  );
  const after = await judge(
    release,
    some.map(([, { files }]) => filesOf(files)),
    false,
  );
  return (at) => {
    const { trial } = some[at]![1];
    const [was, is] = [before[subjects.indexOf(trial.subject)]!, after[at]!];
    if (isDovecot(trial.edit)) return;
    if (isMaster(trial.edit)) checkMaster(trial.edit, was, is);
    else checkMain(trial.edit, was, is);
  };
}

async function dovecot(release: Release, some: Some): Promise<(at: number) => void> {
  const host = await doveconf(release);
  const subjects = [...new Set(some.map(([, { trial }]) => trial.subject))];
  const before = await host.readAll(subjects.map(({ sample }) => sample.files));
  const after = await host.readAll(some.map(([, { files }]) => files));
  return (at) => {
    const { trial } = some[at]![1];
    const [was, is] = [before[subjects.indexOf(trial.subject)]!, after[at]!];
    if (!was.ok || !is.ok || !isDovecot(trial.edit)) throw new Error('refused');
    checkDovecot(trial.edit, grammarOf(release), was.settings, is.settings);
  };
}

const ORIGINS: Readonly<Record<Origin, string>> = {
  stock: 'of the packages',
  documented: 'documented features',
  deployments: 'deployments',
  awkward: 'awkward',
  refused: '',
};

function page(all: readonly Subject[], results: ReadonlyMap<string, Result>): string {
  const names = [...results.keys()];
  const share = (set: readonly Subject[], name: string): string => {
    const right = set.filter((subject) => results.get(name)?.get(subject) === '').length;
    return set.length === 0 ? '–' : `${Math.floor((100 * right) / set.length)} % (${right})`;
  };
  const row = (label: string, set: readonly Subject[]) =>
    `| ${[label, String(set.length), ...names.map((name) => share(set, name))].join(' | ')} |`;
  const formats = ['postfix-main', 'postfix-master', 'dovecot'] as const;
  const rows = formats.flatMap((format) => {
    const set = all.filter(({ sample }) => sample.format === format);
    const origins = (Object.keys(ORIGINS) as Origin[]).map(
      (origin) => [origin, set.filter(({ sample }) => sample.origin === origin)] as const,
    );
    const parts = origins
      .filter(([, some]) => some.length > 0)
      .map(([origin, some]) => row(`${format}, ${ORIGINS[origin]}`, some));
    return [...parts, row(`**${format}**`, set)];
  });
  const failures = names.slice(1).flatMap((name) => {
    const wrong = all.filter((subject) => results.get(name)?.get(subject) !== '' && subject.sample.origin !== 'stock');
    return wrong.map(
      (subject) => `| ${name} | ${subject.sample.format} ${subject.sample.name} | ${results.get(name)?.get(subject)} |`,
    );
  });
  const version = execFileSync('dpkg-query', ['-W', '-f', '${Version}', 'augeas-lenses'], { encoding: 'utf8' });
  return [
    ...HEAD(version),
    ...head(['Files', 'how many', ...names]),
    ...rows,
    row('**all**', all),
    '',
    ...TAIL,
    ...head(['Contender', 'File', 'Fault']),
    ...failures,
    '',
  ].join('\n');
}

const head = (cells: readonly string[]) => [`| ${cells.join(' | ')} |`, `| ${cells.map(() => '---').join(' | ')} |`];

const HEAD = (augeas: string): string[] => [
  '# Editors compared',
  '',
  '<!-- Made by `npm run compare` from one run. Do not edit. -->',
  '',
  `The share of corpus files (\`test/corpus/\`) that each of three editors edits correctly, judged by the real \`postconf\` and \`doveconf\`. ${new Date().toISOString().slice(0, 10)};`,
  `Postfix ${RELEASES.map((release) => VERSIONS[release].postfix).join(', ')}; Dovecot ${RELEASES.map((release) => VERSIONS[release].dovecot).join(', ')}; augeas-lenses ${augeas}.`,
  '',
  'A file counts as correct if every edit tried on it is right: the daemon reads the intended value, reads everything else as before,',
  'and the same edit a second time changes nothing. The edits are a sample of those that harden-mail makes: set, remove, a member of a',
  'list, an option of a service, a new service, a setting in a block. Files that the daemons refuse are left out.',
  '',
  'The other editors get help: which of the included files to edit, how to quote a value, how to write an option with blanks, and',
  "harden-mail's list logic for the values that they read. `augtool` uses Debian's stock lenses; `lineinfile` follows Ansible's documented",
  'rules with the expressions that playbooks use (`^#?\\s*name\\s*=`).',
  '',
];

const TAIL = [
  '## Faults of the other editors',
  '',
  'The files (without those of the packages) on which at least one edit was wrong, with the last reason. In short: `augtool` cannot read',
  'a file that its lens does not know (then it edits nothing), and a `lineinfile` sees lines where the daemons see joined lines, blocks',
  'and services.',
  '',
];

const all = await subjects();
const only = process.argv[2];
const set = only === undefined ? all : all.filter(({ sample }) => `${sample.format} ${sample.name}`.includes(only));
const results = await compete(set);
if (only === undefined) await writeFile('docs/editors.md', page(set, results));
else process.stdout.write(page(set, results));
const missed = set.filter((subject) => results.get('harden-mail')?.get(subject) !== '');
for (const { sample, release } of missed)
  process.stderr.write(`harden-mail fails on ${sample.format} ${sample.name} (${release})\n`);
process.exitCode = missed.length > 0 ? 1 : 0;
