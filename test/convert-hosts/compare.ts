/** One configuration: the sessions of its users on 2.3, and on hosts with 2.4 after `apply` has converted it. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from '../../src/lab/lab.ts';
import { hardenMail, scratch, to } from '../support/cli.ts';
import type { Outcome } from '../support/cli.ts';
import {
  CERTIFICATE,
  KEY,
  ROOT,
  ask,
  complaints,
  cursor,
  differences,
  prepare,
  put,
  readConfiguration,
  start,
  take,
} from '../support/convert-hosts/pair.ts';
import type { Answers, Moved, Phase } from '../support/convert-hosts/pair.ts';
import type { ConvertHost } from '../support/convert-hosts/schema.ts';

/** The list of mailboxes that a host keeps for the apply after the upgrade. */
const LIST = '/var/lib/harden-mail/mailboxes';
const COMPARED = 'compared with the record from before the upgrade';
const LOGS = process.env['HARDEN_MAIL_CONVERT_HOSTS_LOGS'];

/** What one host with 2.4 made of the configuration. */
export interface Result {
  readonly outcome: Outcome;
  /** One line for each answer that 2.4 gave otherwise. Empty where apply failed. */
  readonly differences: readonly string[];
}

export interface Comparison {
  /** What the sessions on 2.3 showed that no configuration of ours should. */
  readonly broken: readonly string[];
  /** By release. */
  readonly results: ReadonlyMap<string, Result>;
}

export async function compare(old: LabHost, hosts: readonly LabHost[], name: string): Promise<Comparison> {
  const data = readConfiguration(name);
  await all([prepare(old, name, data, 'old'), ...hosts.map((host) => prepare(host, name, data, 'new'))]);
  const from = await cursor(old);
  await start(old);
  const seeded = await talk(old, name, 'seed', data);
  const asked = await talk(old, name, 'ask', data);
  const list = await recordMailboxes(old);
  const moved = await take(old, data);
  const before = async (): Promise<Before> => {
    await start(old);
    const used = [await talk(old, name, 'use', data), await talk(old, name, 'again', data)];
    return { answers: [asked, ...used], complaints: new Set(await complaints(old, from)) };
  };
  const [was, ...after] = await all<Before | After>([
    before(),
    ...hosts.map((host) => convert(host, name, data, moved, list)),
  ]);
  const results = hosts.map(
    ({ release }, n) => [release, judge(release, was as Before, after[n] as After, data)] as const,
  );
  const broken = brokenIn(data, asked, [seeded, ...(was as Before).answers]);
  log(name, 'broken', broken.join('\n'));
  for (const [release, { differences }] of results) log(name, `${release}-differences`, differences.join('\n'));
  return { broken, results: new Map(results) };
}

interface Before {
  readonly answers: readonly Answers[];
  readonly complaints: ReadonlySet<string>;
}

interface After {
  readonly outcome: Outcome;
  readonly answers: readonly Answers[];
  readonly complaints: readonly string[];
}

/** The host gets what has moved, apply converts it, and the users have their sessions there. */
async function convert(
  host: LabHost,
  name: string,
  data: ConvertHost,
  moved: Moved,
  list: Buffer | null,
): Promise<After> {
  await put(host, moved, data);
  if (list) await host.write(LIST, list, '0600');
  const from = await cursor(host);
  // The state that a failed upgrade leaves: systemd has given up on Dovecot.
  await host.exec('for n in 1 2 3 4 5 6; do systemctl start dovecot; done');
  const ca = scratch(`root-${host.release}.pem`, String(await host.read(ROOT)));
  const outcome = await hardenMail(['apply', '--yes', ...to(host), '--cert', CERTIFICATE, '--key', KEY, '--ca', ca]);
  log(name, `${host.release}-apply`, outcome.stdout + outcome.stderr);
  if (outcome.code !== 0) return { outcome, answers: [], complaints: [] };
  const shown = (await host.exec('doveconf -n')).stdout;
  log(name, `${host.release}-doveconf`, shown);
  const answers: Answers[] = [];
  for (const phase of ['ask', 'use', 'again'] as const) answers.push(await talk(host, name, phase, data));
  const has =
    data.lacks !== undefined && new RegExp(data.lacks).test(shown) ? [`the configuration has ${data.lacks}`] : [];
  const compared = list && !outcome.stdout.includes(COMPARED) ? ['apply has not compared the mailboxes'] : [];
  return { outcome, answers, complaints: [...(await complaints(host, from)), ...has, ...compared] };
}

/** Null where the files cannot be converted. */
async function recordMailboxes(host: LabHost): Promise<Buffer | null> {
  const { code, stdout, stderr } = await hardenMail(['check', '--upgrade-to', 'trixie', '--record', '--no-diff', ...to(host)]); // oxfmt-ignore
  if (code === 1 && stdout.includes('cannot be converted')) return null;
  if (code !== 2) throw new Error(`no list of mailboxes: ${stdout}${stderr}`);
  return host.read(LIST);
}

function judge(
  release: string,
  was: Before,
  { outcome, answers, complaints }: After,
  { differs }: ConvertHost,
): Result {
  if (outcome.code !== 0) return { outcome, differences: [] };
  const errors = complaints.filter((line) => !was.complaints.has(line)).map((line) => `log: ${line}`);
  const found = [...was.answers.flatMap((one, n) => differences(one, answers[n] ?? {})), ...errors];
  const may = differs.filter(({ on }) => on === undefined || on === release);
  return { outcome, differences: found.filter((line) => !may.some(({ what }) => new RegExp(what).test(line))) };
}

function brokenIn({ users }: ConvertHost, asked: Answers, all: readonly Answers[]): string[] {
  const logins = Object.keys(users).filter((user) => asked[`${user}: login`] !== 'OK');
  const cut = all.flatMap((answers) => Object.entries(answers).filter(([key]) => key.endsWith(': broken')));
  return [
    ...logins.map((user) => `${user} cannot log in: ${JSON.stringify(asked)}`),
    ...cut.map(([key, answer]) => `${key}: ${String(answer)}`),
  ];
}

async function talk(host: LabHost, name: string, phase: Phase, data: ConvertHost): Promise<Answers> {
  const answers = await ask(host, phase, data);
  log(name, `${host.release}-${phase}.json`, JSON.stringify(answers, null, 1));
  return answers;
}

/** All of them come to their end, also where one fails. */
async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const done = await Promise.allSettled(work);
  return done.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

function log(name: string, what: string, text: string): void {
  if (LOGS === undefined) return;
  mkdirSync(join(LOGS, name), { recursive: true });
  writeFileSync(join(LOGS, name, what), text);
}
