/** A whole mail host, by its folder: what apply, rollback and strict do to the sessions of its users and of strangers. */

import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hardenMail, scratch, to } from '../support/cli.ts';
import type { Outcome } from '../support/cli.ts';
import { assertTidy, mark, writtenSince } from '../support/host.ts';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost, State } from '../../src/lab/lab.ts';
import type { ReleaseName } from '../../src/lab/images.ts';
import { joinClients } from '../support/whole-hosts/clients.ts';
import type { Clients } from '../support/whole-hosts/clients.ts';
import { difference, differences, same } from '../support/whole-hosts/differences.ts';
import type { Finding, Profile } from '../support/whole-hosts/differences.ts';
import { hostNames, readHost } from '../support/whole-hosts/read.ts';
import type { Host, Result } from '../support/whole-hosts/schema.ts';
import { have, setUp } from '../support/whole-hosts/sessions.ts';

/**
 * For a review: a file that gets one row for each host, a file that gets one row for each run of the command, and a folder for
 * the output of the runs and sessions.
 */
const TABLE = process.env['HARDEN_MAIL_HOSTS_TABLE'];
const ENDINGS = process.env['HARDEN_MAIL_HOSTS_ENDINGS'];
const LOGS = process.env['HARDEN_MAIL_HOSTS_LOGS'];

/**
 * The hosts that this run wants: HARDEN_MAIL_HOSTS is `all`, or names with commas between; without it those that are a
 * sample. `part` of `parts`: each process has its own.
 */
export function wholeHosts(part: number, parts: number): void {
  const wish = process.env['HARDEN_MAIL_HOSTS'];
  const named = wish === undefined || wish === '' ? undefined : wish.split(',');
  const wanted = hostNames().filter((name) =>
    named ? named.includes(name) || named[0] === 'all' : readHost(name).host.sample,
  );
  const all = wanted.flatMap((name) => readHost(name).host.releases.map((release) => ({ name, release })));
  for (const { name, release } of all.filter((_, n) => n % parts === part)) wholeHost(name, release);
}

function wholeHost(folder: string, release: ReleaseName): void {
  const { host: data, sessions } = readHost(folder);
  const name = `${folder}@${release}`;

  describe(`whole host ${name}: ${data.description}`, () => {
    let host: LabHost;
    let clients: Clients | undefined;
    let trust: string[];
    let acme: string[];
    let original: Result[];
    let found: State;
    let hardened: State;
    let kept: string[];
    let stop = false;
    let declines = false;
    let count = 0;
    const row: Record<string, string> = {};
    const endings: string[][] = [];
    const findings: Finding[] = [];

    before(async () => {
      row['host'] = name;
      host = await lab.host({
        ...{ release, mail: true, name: data.name },
        ...(data.packages.length > 0 && { also: data.packages }),
      });
      clients = await joinClients(host);
      await setUp(host, folder, data);
      const authority = await lab.acme();
      const roots = [await authority.root(), ...(data.ca === undefined ? [] : [String(await host.read(data.ca))])];
      trust = ['--ca', scratch('roots.pem', roots.join('\n'))];
      acme = ['--acme-server', authority.directory];
    });
    after(async () => {
      row['weaker'] = String(findings.filter(({ weaker }) => weaker).length);
      row['different'] = String(findings.filter(({ weaker }) => !weaker).length);
      log(name, 'findings', findings.map(line).join('\n'));
      append(TABLE, COLUMNS, [COLUMNS.map((column) => row[column] ?? '–')]);
      append(ENDINGS, ['host', 'run', 'exit', 'last line'], endings);
      clients?.stop();
      await host?.stop();
    });

    /** A stage of the story: where one fails, those that rest on it are not tried. */
    const stage = (title: string, work: () => Promise<void>) =>
      it(title, async function () {
        if (stop || declines) this.skip();
        stop = true;
        await work();
        stop = false;
      });
    /** A stage on which none rests. */
    const aside = (title: string, work: () => Promise<void>) =>
      it(title, async function () {
        if (stop || declines) this.skip();
        await work();
      });

    const harden = async (column: string, command: string, ...more: string[]): Promise<Outcome> => {
      const consent = command === 'check' ? [] : ['--yes'];
      const authority = command === 'apply' ? acme : [];
      const args = [command, ...consent, ...to(host), ...trust, ...authority, ...data.flags, ...more];
      const outcome = await hardenMail(args);
      row[column] = String(outcome.code);
      endings.push([name, column, String(outcome.code), lastLine(outcome)]);
      log(name, `${++count}-${column}`, outcome.stdout + outcome.stderr);
      return outcome;
    };

    const talk = async (label: string): Promise<Result[]> => {
      const results = await have(host, clients!, data, sessions);
      log(name, `${++count}-sessions-${label}`, JSON.stringify(results, null, 1));
      return results;
    };

    /** Notes the sessions that differ otherwise than intended. */
    const note = (now: readonly Result[], profile: Profile): Finding[] => {
      const fresh = sessions.flatMap((session, n) => differences(session, original[n]!, now[n]!, profile, data));
      findings.push(...fresh.map(({ weaker, says }) => ({ weaker, says: `${profile}: ${says}` })));
      return fresh;
    };
    const assertSessions = (now: readonly Result[], profile: Profile): void =>
      assert.deepEqual(note(now, profile).map(line), []);
    /** A run must end well; where it does not, what it left is noted all the same. */
    const assertWell = async ({ code, stdout, stderr }: Outcome, profile: Profile): Promise<void> => {
      if (code !== 0) note(await talk(`${profile}-failed`), profile);
      assert.equal(code, 0, stdout + stderr);
    };

    stage('every session ends as its script says before apply', async () => {
      original = await talk('before');
      found = await host.state();
      kept = await keeps(host, data);
      const wrong = original.filter(({ outcome }, n) => outcome !== sessions[n]?.expect);
      const wanted = (one: Result) => sessions.find(({ name: session }) => session === one.name)?.expect;
      assert.deepEqual(
        wrong.map((one) => `${one.name}: ${one.outcome} (${one.replies.join(' | ')}), not ${wanted(one)}`),
        [],
      );
    });

    const assertDeclined = async ({ code, stdout, stderr }: Outcome, reason: string): Promise<void> => {
      assert.match(stdout + stderr, new RegExp(reason));
      assert.equal(code, 1, stdout + stderr);
      assert.deepEqual(await writtenSince(host, '/etc'), []);
      await assertTidy(host);
    };

    if (data.apply !== 'clean') {
      const { declined } = data.apply;
      stage('apply declines the host with the reason and writes nothing', async () => {
        await mark(host);
        await assertDeclined(await harden('apply', 'apply', '--no-diff'), declined);
      });
      aside('every session ends as before', async () => assert.deepEqual(await talk('after'), original));
      return;
    }

    stage(`apply succeeds${data.mayDecline === undefined ? '' : ', or declines with its reason'}`, async () => {
      await mark(host);
      const outcome = await harden('apply', 'apply');
      hardened = await host.state();
      if (outcome.code === 1 && data.mayDecline !== undefined) {
        await assertDeclined(outcome, data.mayDecline);
        declines = true;
      } else await assertWell(outcome, 'standard');
    });
    aside('every session ends as before after apply, except for the intended effects', async () =>
      assertSessions(await talk('after'), 'standard'),
    );
    aside('the choices of the administrator stay', async () => {
      row['kept'] = 'no';
      assert.deepEqual(await keeps(host, data), kept);
      for (const [command, wanted] of Object.entries(data.afterwards))
        assert.match(await host.run(command), new RegExp(wanted), command);
      row['kept'] = 'yes';
    });
    aside('a second apply has nothing to do', async () => {
      const { stdout } = await harden('again', 'apply');
      assert.match(stdout, /ok: nothing to do, \d+ checks passed\n$/);
    });
    aside('check passes', async () => {
      const { code, stdout, stderr } = await harden('check', 'check');
      assert.equal(code, 0, stdout + stderr);
    });
    aside('rollback restores every file and every session', async () => {
      const { code, stdout, stderr } = await harden('rollback', 'rollback', '--no-diff');
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual(files(await host.state()), files(found));
      const now = await talk('rollback');
      const changed = now.flatMap((one, n) => (same(original[n]!, one) ? [] : [difference(original[n]!, one)]));
      assert.deepEqual(changed, []);
    });
    stage('apply after the rollback makes the same files again', async () => {
      const { code, stdout, stderr } = await harden('re-apply', 'apply', '--no-diff');
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual(files(await host.state()), files(hardened));
    });
    stage('apply --profile strict succeeds', async () => {
      await assertWell(await harden('strict', 'apply', '--profile', 'strict'), 'strict');
    });
    aside('every session ends as before under strict, except for the intended effects', async () =>
      assertSessions(await talk('strict'), 'strict'),
    );
    aside('apply --profile standard makes the same files as before strict', async () => {
      const { code, stdout, stderr } = await harden('standard', 'apply', '--no-diff', '--profile', 'standard');
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual(files(await host.state()), files(hardened));
      await assertTidy(host);
    });
  });
}

const keeps = async (host: LabHost, { keeps: commands }: Host): Promise<string[]> => {
  const said: string[] = [];
  for (const command of commands) said.push(`${command}: ${(await host.exec(command)).stdout}`);
  return said;
};

const line = ({ weaker, says }: Finding): string => `${weaker ? 'WEAKER: ' : ''}${says}`;

/** Postfix's and Dovecot's files, without what the daemons or postmap write by themselves. */
const files = (state: State): string[] =>
  Object.entries(state)
    .filter(([path]) => /^\/etc\/(postfix|dovecot)/.test(path))
    .map(([path, { type, mode, owner, link, sha256 }]) => `${path} ${type} ${mode} ${owner} ${link} ${sha256}`)
    .sort();

const COLUMNS = [
  'host',
  'apply',
  'again',
  'check',
  'rollback',
  're-apply',
  'strict',
  'standard',
  'weaker',
  'different',
  'kept',
];

/** Appends rows to a Markdown table; a new file gets the head first. Processes that run in parallel share the file. */
function append(file: string | undefined, head: readonly string[], rows: readonly (readonly string[])[]): void {
  if (file === undefined || rows.length === 0) return;
  const lines = (all: readonly (readonly string[])[]): string =>
    all.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`).join('');
  try {
    writeFileSync(file, lines([head, head.map(() => '---')]), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  appendFileSync(file, lines(rows));
}

/** The last line about the host, without its address and the transaction's name; a failed run's next step follows it. */
function lastLine({ stdout, stderr }: Outcome): string {
  const lines = `${stdout}${stdout === '' ? stderr : ''}`.trimEnd().split('\n');
  const at = lines.findLastIndex((one) => /^\S/.test(one));
  const said = lines.slice(Math.max(at, 0)).map((one) => one.trim());
  return said
    .join(' ')
    .replace(/^[\d.]+ +/, '')
    .replace(/ \(transaction [^)]+\)/, '');
}

function log(host: string, what: string, text: string): void {
  if (LOGS === undefined) return;
  mkdirSync(join(LOGS, host), { recursive: true });
  writeFileSync(join(LOGS, host, what), text);
}
