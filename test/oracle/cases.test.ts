/**
 * The cases of test/cases/TASK, before the real daemons of the release that they are set in: what the plan writes is
 * accepted, no warning is new, and postconf and doveconf see just those settings changed that the plan tells of.
 */
import assert from 'node:assert/strict';
import type { SettingChange } from '../../src/model/index.ts';
import { afterwards, cases, outcomeOf, type Case } from '../support/plan/cases.ts';
import { grammarOf, type Release } from '../support/debs.ts';
import { doveconf, type Reading } from './doveconf.ts';
import { unmeant } from './dovecot-compare.ts';
import { judge, type Files, type Verdict } from './postfix.ts';

const POSTFIX: Readonly<Record<string, Release>> = {
  '3.5': 'bullseye',
  '3.7': 'bookworm',
  '3.10': 'trixie',
  '3.11': 'forky',
};
const DOVECOT: Readonly<Record<string, Release>> = { '2.3.13': 'bullseye', '2.3.19': 'bookworm', '2.4.1': 'trixie' };
const MAIN = '/etc/postfix/main.cf';
const MASTER = '/etc/postfix/master.cf';

interface Planned {
  readonly title: string;
  readonly facts: Case['snapshot']['facts'];
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  readonly settings: readonly SettingChange[];
}

/** Cases that end in a plan, with all files before and after it. */
const planned = cases().flatMap((one): Planned[] => {
  const { plan } = outcomeOf(one);
  if (plan === null) return [];
  const bytes = ({ files }: Case['snapshot']): Record<string, string> =>
    Object.fromEntries(Object.values(files).map((file) => [file.path, file.bytes]));
  const [before, after] = [bytes(one.snapshot), bytes(afterwards(one, plan))];
  const settings = plan.settings.filter(({ file }) => before[file] !== undefined);
  // The oracle has plain files only.
  const targets = Object.values(one.snapshot.files).map(({ target }) => target);
  if (new Set(targets).size < targets.length) return [];
  return [{ title: one.title, facts: one.snapshot.facts, before, after, settings }];
});

/** Names whose value is not the same in both. */
function changed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}

describe('oracle: plans of the cases, read by postconf', () => {
  for (const [version, release] of Object.entries(POSTFIX)) {
    const set = planned.filter(
      ({ facts, before }) => facts.postfix?.startsWith(`${version}.`) && before[MAIN] !== undefined,
    );
    let verdicts: Verdict[] = [];
    before(async () => {
      const files = set.flatMap(({ before: old, after }): Files[] => {
        return [old, after].map((all) => ({ main: all[MAIN] ?? '', master: all[MASTER] ?? '' }));
      });
      verdicts = await judge(release, files);
    });
    set.forEach(({ title, settings }, index) => {
      it(`postconf of ${release} accepts the planned files and sees only the planned changes: ${title}`, () => {
        const [old, now] = verdicts.slice(2 * index);
        assert.ok(old && now);
        assert.ok(now.accepted, now.stderr);
        assert.deepEqual(newWarnings(old, now), []);

        const told = settings.filter(({ file }) => file === MAIN);
        // postconf -n lists a variable of the admin's only as long as something uses it.
        const seen = changed(old.main, now.main).filter((name) => !now.stderr.includes(`unused parameter: ${name}=`));
        assert.deepEqual(seen, told.map(({ setting }) => setting).sort());
        for (const { setting, after } of told) {
          assert.equal(now.main.get(setting) ?? null, after?.replace(/\s+/g, ' ') ?? null, setting);
        }
        const options = (lines: readonly string[]): Map<string, string> =>
          new Map(lines.map((line) => [line.replace(/ =.*/, ''), line.replace(/^.*? = ?/, '')]));
        const [service, ...rest] = settings
          .filter(({ file }) => file === MASTER)
          .map(nameOfOption)
          .sort();
        const names = service === undefined ? [] : [service, ...rest].filter((name) => !name.endsWith('/inet'));
        // An entry that is taken away is told once, and takes its options with it.
        const gone = settings
          .filter(({ file, after }) => file === MASTER && after === null)
          .map(({ setting }) => setting);
        const theirs = [...options(old.options).keys()].filter((name) =>
          gone.some((one) => name.startsWith(`${one}/`)),
        );
        assert.deepEqual(changed(options(old.options), options(now.options)), [...names, ...theirs].sort());
      });
    });
  }
});

/** What postconf says to the new files and did not say to the old ones. */
function newWarnings(old: Verdict, now: Verdict): string[] {
  const lines = ({ stderr }: Verdict): string[] => {
    return stderr.split('\n').map((line) => line.replace(/\/tmp\/\S+\/(?=\w+\.cf)/, '').replace(/line \d+/, 'line N'));
  };
  return lines(now).filter((line) => {
    // The admin's own variable, of which the plan has replaced the only use.
    const unused = /unused parameter: (\w+)=/.exec(line)?.[1] ?? '';
    return !lines(old).includes(line) && !old.main.has(unused);
  });
}

/** `smtp/inet smtpd_tls_auth_only` as postconf -P writes it. */
function nameOfOption({ setting }: SettingChange): string {
  return setting.replace(' ', '/');
}

describe('oracle: plans of the cases, read by doveconf', () => {
  for (const [version, release] of Object.entries(DOVECOT)) {
    const set = planned.filter(({ facts, before }) => {
      // The oracle has /etc/dovecot of a case, and all else as the packages have it.
      const outside = Object.keys(before).some((path) => /^\/(srv|usr\/share\/dovecot\/protocols)/.test(path));
      return facts.dovecot?.startsWith(version) && before['/etc/dovecot/dovecot.conf'] !== undefined && !outside;
    });
    let readings: Reading[] = [];
    before(async () => {
      const host = await doveconf(release);
      readings = await host.readAll(set.flatMap((one) => [one.before, one.after]));
    });
    set.forEach(({ title, settings }, index) => {
      it(`doveconf of ${release} accepts the planned files and sees only the planned changes: ${title}`, () => {
        const [old, now] = readings.slice(2 * index);
        assert.ok(old && now?.ok, `refused: ${now && 'error' in now ? now.error : ''}`);
        if (!old.ok) return; // it did not start before, so there is nothing to compare with
        const told = settings.filter(({ file }) => /\/dovecot\//.test(file));
        const paths = told.map(({ setting }) => setting.replaceAll(' › ', ' > '));
        assert.deepEqual(unmeant(grammarOf(release), old.settings, now.settings, paths), []);
        for (const { setting, after: value } of told) {
          const seen = values(now).get(plain(setting));
          if (seen !== undefined) assert.equal(seen, value, setting);
        }
      });
    });
  }
});

/** Values by name, in which `ssl_server { cert_file }` and `ssl_server_cert_file` are one; without the marks of blocks. */
function values(reading: Reading & { readonly ok: true }): Map<string, string> {
  const all = [...reading.settings].filter(([name]) => !name.endsWith(' > '));
  return new Map(all.map(([name, value]) => [plain(name), value]));
}

function plain(name: string): string {
  return name.split(/ [>›] /).join('_');
}
