/**
 * `npm run compare:convert`: converters from Dovecot 2.3 to 2.4, compared on the configurations of test/convert-hosts by what their users'
 * sessions show on a real 2.3 (Debian 12) and on a real 2.4 (Debian 13) with the converted files. Writes docs/convert-compare.md. Needs root.
 *
 *     HARDEN_MAIL_CONVERT_HOSTS=NAME,NAME npm run compare:convert     some configurations; the document is not written
 *     HARDEN_MAIL_CONVERTERS=LABEL=PROGRAM,… npm run compare:convert  other people's converters as well
 *
 * Such a program gets a folder as its argument, with the files below `etc/dovecot/` and 2.3's `doveconf -nP` as `effective`. It changes
 * the files in place; another exit code than 0 means that it refuses.
 */
import { writeFile } from 'node:fs/promises';
import { lab } from '../src/lab/lab.ts';
import type { LabHost } from '../src/lab/lab.ts';
import { hardenMail, scratch, to } from '../test/support/cli.ts';
import {
  CERTIFICATE,
  KEY,
  ROOT as AUTHORITY,
  ask,
  bootFor,
  complaints,
  configurations,
  cursor,
  differences,
  prepare,
  put,
  readConfiguration,
  start,
  take,
} from '../test/support/convert-hosts/pair.ts';
import type { Answers } from '../test/support/convert-hosts/pair.ts';
import type { ConvertHost } from '../test/support/convert-hosts/schema.ts';
import type { Converter, OldConfiguration } from './compare/convert/converter.ts';
import { document } from './compare/convert/document.ts';
import type { Result, Row } from './compare/convert/document.ts';
import { quote } from '../src/formats/text/shell-quote.ts';
import { fourRenames } from './compare/convert/four-renames.ts';
import { program } from './compare/convert/program.ts';
import { publishedRules } from './compare/convert/published-rules.ts';

const OURS = 'harden-mail';
const DOCUMENT = new URL('../docs/convert-compare.md', import.meta.url);
const WISH = process.env['HARDEN_MAIL_CONVERT_HOSTS'];
const OTHERS = (process.env['HARDEN_MAIL_CONVERTERS'] ?? '').split(',').filter((entry) => entry !== '');
const CONVERTERS: readonly Converter[] = [publishedRules, fourRenames, ...OTHERS.map(program)];

/** What apply says where it does not convert, in one line. */
const reasonOf = (text: string): string => (/^.*\b2\.4\b.*$/m.exec(text)?.[0] ?? text).trim().split('\n')[0]?.replace(/^\S+ +failed: /, '') ?? ''; // oxfmt-ignore

/** What became of a configuration under one converter: the answers of the sessions, or how it ended before there were any. */
type Attempt = Result | { readonly answers: readonly Answers[]; readonly complaint: string };

async function sessions(host: LabHost, data: ConvertHost): Promise<Attempt> {
  const since = await cursor(host);
  try {
    const answers = [await ask(host, 'ask', data), await ask(host, 'use', data), await ask(host, 'again', data)];
    return { answers, complaint: (await complaints(host, since))[0] ?? '' };
  } catch (error) {
    // A lookup that never ends, for example: the sessions on 2.3 have ended.
    return { verdict: 'wrong', why: String(error).trim().split('\n').at(-1) ?? '' };
  }
}

async function ours(host: LabHost, data: ConvertHost): Promise<Attempt> {
  const ca = scratch('root.pem', String(await host.read(AUTHORITY)));
  const options = ['--yes', ...to(host), '--cert', CERTIFICATE, '--key', KEY, '--ca', ca];
  const { code, stdout, stderr } = await hardenMail(['apply', ...options]);
  return code === 0 ? sessions(host, data) : { verdict: 'refused', why: reasonOf(stdout + stderr) };
}

async function theirs(host: LabHost, data: ConvertHost, old: OldConfiguration, by: Converter): Promise<Attempt> {
  const outcome = await by.convert(old);
  if ('refused' in outcome) return { verdict: 'refused', why: outcome.refused };
  for (const [path, bytes] of Object.entries(outcome.files)) {
    await host.run(`cat > ${quote(path)}`, { input: Buffer.from(bytes, 'latin1') });
  }
  const { stdout } = await host.exec(
    `systemctl reset-failed dovecot; systemctl restart dovecot; sleep 1
    systemctl is-active -q dovecot || { doveconf -n 2>&1 >/dev/null; journalctl -q -u dovecot -n 5 -o cat; } | grep -m1 -E 'Fatal|Error'`,
  );
  const fault = stdout.trim().replace(/^doveconf: Fatal: /, '');
  return fault === '' ? sessions(host, data) : { verdict: 'dead', why: fault };
}

/** The answers on the new host, against those on the old one. */
function judge(attempt: Attempt, was: readonly Answers[], { users, differs }: ConvertHost): Result {
  if ('verdict' in attempt) return attempt;
  const all = was.flatMap((answers, index) => differences(answers, attempt.answers[index] ?? {}));
  const excused = differs.filter(({ on = 'trixie' }) => on === 'trixie');
  const found = all.filter((line) => !excused.some(({ what }) => new RegExp(what).test(line)));
  if (found.length === 0) return { verdict: 'same' };
  const lost = Object.keys(users).every((user) => attempt.answers[0]?.[`${user}: login`] !== 'OK');
  return { verdict: 'wrong', why: lost ? `nobody can log in: ${attempt.complaint}` : (found[0] ?? '') };
}

async function filesOf(host: LabHost): Promise<OldConfiguration['files']> {
  const list = await host.run('find /etc/dovecot -type f -size -200k ! -path "*/private/*"');
  const read = async (path: string) => [path, Buffer.from(await host.read(path)).toString('latin1')] as const;
  return Object.fromEntries(await Promise.all(list.trim().split('\n').map(read)));
}

/** Seeds the old host once; each converter gets the same bytes on the new one. The old host goes on last. */
async function compareOne(old: LabHost, now: LabHost, name: string): Promise<Map<string, Result>> {
  const data = readConfiguration(name);
  await prepare(old, name, data, 'old');
  await start(old);
  await ask(old, 'seed', data);
  const asked = await ask(old, 'ask', data);
  const before = { files: await filesOf(old), effective: await old.run('doveconf -nP') };
  const moved = await take(old, data);
  const attempts = new Map<string, Attempt>();
  const attempt = async (label: string, by: () => Promise<Attempt>): Promise<void> => {
    await prepare(now, name, data, 'new');
    await put(now, moved, data);
    attempts.set(label, await by());
  };
  await attempt(OURS, () => ours(now, data));
  for (const converter of CONVERTERS) await attempt(converter.name, () => theirs(now, data, before, converter));
  await start(old);
  const was = [asked, await ask(old, 'use', data), await ask(old, 'again', data)];
  return new Map([...attempts].map(([label, one]) => [label, judge(one, was, data)]));
}

async function main(): Promise<void> {
  const chosen = configurations().filter(
    (name) => WISH === undefined || WISH === 'all' || WISH.split(',').includes(name),
  );
  const [old, now] = await Promise.all([
    bootFor('bookworm', 'mx1.convert.test'),
    bootFor('trixie', 'mx2.convert.test'),
  ]);
  const rows: Row[] = [];
  const version = async (host: LabHost) => (await host.run('dovecot --version')).split(' ')[0] ?? '';
  const versions = await Promise.all([version(old), version(now)]);
  try {
    for (const name of chosen) {
      const results = await compareOne(old, now, name);
      rows.push({ name, description: readConfiguration(name).description, results });
      for (const [label, { verdict, why }] of results) console.log(`${name}\t${label}\t${verdict}\t${why ?? ''}`);
    }
  } finally {
    await Promise.all([old.stop(), now.stop()]);
    lab.close();
  }
  const labels = new Map([[OURS, 'the conversion of `harden-mail apply`'], ...CONVERTERS.map(({ name, about }) => [name, about] as const)]); // oxfmt-ignore
  const text = document(rows, labels, versions);
  if (WISH === undefined) await writeFile(DOCUMENT, text);
  else console.log(text);
}

void main();
