/** One configuration: the sessions of its users on 2.3, and on 2.4 after `apply` has converted it. */

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
  move,
  prepare,
  readConfiguration,
  start,
} from './pair.ts';
import type { Answers, Phase } from './pair.ts';

const LIST = '/var/lib/harden-mail/mailboxes';
const COMPARED = 'compared with the record from before the upgrade';
const LOGS = process.env['HARDEN_MAIL_CONVERT_HOSTS_LOGS'];

export interface Comparison {
  readonly outcome: Outcome;
  /** What the sessions on 2.3 showed that no configuration of ours should. */
  readonly broken: readonly string[];
  /** One line for each answer that 2.4 gave otherwise. Empty where apply failed. */
  readonly differences: readonly string[];
}

export async function compare(old: LabHost, now: LabHost, name: string): Promise<Comparison> {
  const data = readConfiguration(name);
  const talk = async (host: LabHost, phase: Phase): Promise<Answers> => {
    const answers = await ask(host, phase, data);
    log(name, `${host.release}-${phase}.json`, JSON.stringify(answers, null, 1));
    return answers;
  };
  const ready = await Promise.allSettled([prepare(old, name, data, 'old'), prepare(now, name, data, 'new')]);
  for (const one of ready) if (one.status === 'rejected') throw one.reason;
  const onOld = await cursor(old);
  await start(old);
  const seeded = await talk(old, 'seed');
  const asked = await talk(old, 'ask');
  const list = await recordMailboxes(old);
  await move(old, now, data);
  if (list) await now.write(LIST, list, '0600');
  const onNew = await cursor(now);
  // The state that a failed upgrade leaves: systemd has given up on Dovecot.
  await now.exec('for n in 1 2 3 4 5 6; do systemctl start dovecot; done');
  const ca = scratch('root.pem', String(await now.read(ROOT)));
  const after = async (host: LabHost): Promise<Answers[]> => [await talk(host, 'use'), await talk(host, 'again')];
  const outcome = await hardenMail(['apply', '--yes', ...to(now), '--cert', CERTIFICATE, '--key', KEY, '--ca', ca]);
  await start(old);
  const used = await after(old);
  log(name, 'apply', outcome.stdout + outcome.stderr);
  const logins = Object.keys(data.users).filter((user) => asked[`${user}: login`] !== 'OK');
  const broken = [
    ...logins.map((user) => `${user} cannot log in: ${JSON.stringify(asked)}`),
    ...[seeded, asked, ...used].flatMap((answers) => Object.entries(answers).flatMap(([key, answer]) => (key.endsWith(': broken') ? [`${key}: ${String(answer)}`] : []))), // oxfmt-ignore
  ];
  if (outcome.code !== 0) return { outcome, broken, differences: [] };
  log(name, 'doveconf', (await now.exec('doveconf -n')).stdout);
  const is = [await talk(now, 'ask'), ...(await after(now))];
  const known = new Set(await complaints(old, onOld));
  const errors = (await complaints(now, onNew)).filter((line) => !known.has(line)).map((line) => `log: ${line}`);
  const proof = list && !outcome.stdout.includes(COMPARED) ? ['apply has not compared the mailboxes'] : [];
  const found = [...proof, ...[asked, ...used].flatMap((answers, n) => differences(answers, is[n] ?? {})), ...errors];
  log(name, 'differences', [...broken, ...found].join('\n'));
  return {
    outcome,
    broken,
    differences: found.filter((line) => !data.differs.some(({ what }) => new RegExp(what).test(line))),
  };
}

/** The list of mailboxes that the host keeps for the apply after the upgrade; null where the files cannot be converted. */
async function recordMailboxes(host: LabHost): Promise<Buffer | null> {
  const { code, stdout, stderr } = await hardenMail(['check', '--upgrade-to', 'trixie', '--record', '--no-diff', ...to(host)]); // oxfmt-ignore
  if (code === 1 && stdout.includes('cannot be converted')) return null;
  if (code !== 2) throw new Error(`no list of mailboxes: ${stdout}${stderr}`);
  return host.read(LIST);
}

function log(name: string, what: string, text: string): void {
  if (LOGS === undefined) return;
  mkdirSync(join(LOGS, name), { recursive: true });
  writeFileSync(join(LOGS, name, what), text);
}
