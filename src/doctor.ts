/** `harden-mail doctor`: the way to a host step by step, and what would keep apply from its work there. */
import { readFileSync } from 'node:fs';
import { preflight } from './commit/certificate.ts';
import { connect } from './connect/connect.ts';
import { HardenMailError } from './errors.ts';
import { dangerSentence, faultsIfReadable, mapIfReadable } from './mapping.ts';
import { dangersThatCount, type Diagnosis, type Facts, type Host, type Snapshot } from './model.ts';
import { policyOf } from './plan/adopt.ts';
import { compose } from './plan/compose.ts';
import { askedOf, assertAccepted } from './plan/refused.ts';
import { assertSupported } from './plan/supported.ts';
import { readOnly } from './remote/readonly.ts';
import type { Remote } from './remote/remote.ts';
import type { Step } from './run.ts';
import { assertFree, onlyInUse, readHost } from './steps.ts';
import { failure } from './words.ts';

/** The journal and the staged files of a run take less. */
const ENOUGH_KB = 20_000;
/** Certificates are judged by the clock. */
const CLOCK_SECONDS = 300;

export const examine: Step = async (visit, options, say) => {
  const log = logbook(say);
  const { look } = log;
  const ssh = { ...options.ssh, onStep: log.done };
  visit.remote = await look('connect', () => connect(visit.host, ssh), null);
  if (visit.remote) {
    const remote = readOnly(visit.remote);
    const needs = await look('root', () => askNeeds(remote), wayIn);
    for (const found of shortcomings(needs ?? [])) log.failed('host', found);
    visit.snapshot = needs && (await look('files', () => readHost(remote, visit.host), ({ files }) => `${Object.keys(files).length} were read`)); // oxfmt-ignore
    if (visit.snapshot) {
      await lookAhead(visit.host, remote, visit.snapshot, log);
      lookAtFaults(visit.snapshot, log);
      lookAtDangers(visit.snapshot, log);
    }
  }
  visit.ending = { kind: 'examined', diagnoses: log.diagnoses };
};

/** The steps of apply before anything is written. */
async function lookAhead(host: Host, remote: Remote, snapshot: Snapshot, { look, warned }: Logbook): Promise<void> {
  const { facts } = snapshot;
  await look('release', () => assertSupported(facts, host.name), () => versions(facts)); // oxfmt-ignore
  await look(
    'clock',
    () => assertClock(facts),
    () => 'as ours',
  );
  await look('transaction', () => assertFree(facts, host.name), () => unfinished(facts)); // oxfmt-ignore
  const policy = await look('domain', () => policyOf(host, snapshot), ({ domain }) => domain); // oxfmt-ignore
  const plan = policy && (await look('plan', () => compose(snapshot, policy), ({ settings }) => `apply would change ${settings.length} settings`)); // oxfmt-ignore
  if (plan || !policy) await look('config', () => assertAccepted(snapshot, plan), () => askedOf(facts)); // oxfmt-ignore
  for (const action of plan?.actions ?? []) {
    if (action.kind !== 'certificate') continue;
    const doubts = await look('certificate', () => preflight(remote, action, onlyInUse(policy!)), (found) => `${found.length > 0 ? 'may be had' : 'can be had'} for ${action.domains.join(', ')}`); // oxfmt-ignore
    for (const doubt of doubts ?? []) warned('certificate', withHint(doubt));
  }
}

/** What is broken although the parsers accept it. An apply goes on, and repairs what it can. */
function lookAtFaults(snapshot: Snapshot, { warned }: Logbook): void {
  for (const { text, todo } of faultsIfReadable(snapshot)) warned('broken', { text, hint: todo });
}

/** `TEXT. Next: HINT` of a note. */
function withHint(note: string): Problem {
  const [text = note, hint = ''] = note.split('. Next: ');
  return { text, hint };
}

/** What is dangerous as it stands. It is in the way of nothing, so nothing fails; files that cannot be read fail the plan. */
function lookAtDangers(snapshot: Snapshot, { done, warned }: Logbook): void {
  const map = mapIfReadable(snapshot);
  if (!map) return;
  const dangers = dangersThatCount(map);
  for (const danger of dangers) warned('danger', { text: dangerSentence(danger), hint: danger.hint });
  if (dangers.length === 0) done('dangers', `none found in ${map.ways.length} ways in (harden-mail map)`);
}

interface Logbook {
  readonly diagnoses: readonly Diagnosis[];
  readonly done: (check: string, text: string) => void;
  readonly failed: (check: string, problem: Problem) => void;
  /** Something to know, which is in the way of nothing. */
  readonly warned: (check: string, problem: Problem) => void;
  /** What fails is noted, and keeps only what rests on it from being looked at. Without `tell` success says nothing. */
  readonly look: <T>(
    check: string,
    work: () => T | Promise<T>,
    tell: ((found: T) => string) | null,
  ) => Promise<T | null>;
}

interface Problem {
  readonly text: string;
  readonly hint: string;
  readonly exit?: number;
}

function logbook(say: (step: string) => void): Logbook {
  const diagnoses: Diagnosis[] = [];
  let began = performance.now();
  const note = (check: string, found: Omit<Diagnosis, 'check' | 'seconds'>): void => {
    diagnoses.push({ check, ...found, seconds: (performance.now() - began) / 1000 });
    began = performance.now();
  };
  const done = (check: string, text: string): void => note(check, { status: 'ok', text, hint: '', exit: 0 });
  const failed = (check: string, problem: Problem): void => note(check, { status: 'fail', exit: 1, ...problem });
  const warned = (check: string, problem: Problem): void => note(check, { status: 'warn', ...problem, exit: 0 });
  const look: Logbook['look'] = async (check, work, tell) => {
    say(check);
    try {
      const found = await work();
      if (tell) done(check, tell(found));
      return found;
    } catch (error) {
      const { code, message: text, hint, exit } = failure(error);
      if (code === 'INTERRUPTED') throw error;
      failed(STEP_OF[code] ?? check, { text, hint, exit });
      return null;
    }
  };
  return { diagnoses, done, failed, warned, look };
}

/** The step that went wrong, where the error tells more than what was being done. */
const STEP_OF: Readonly<Record<string, string>> = {
  HOST_KEY_UNKNOWN: 'host key',
  HOST_KEY_CHANGED: 'host key',
  HOST_KEY_REVOKED: 'host key',
  AUTH_FAILED: 'login',
  KEY_UNUSABLE: 'login',
  CONFIG_INVALID: 'config',
};

/** What doctor.sh says: a word and its value. */
type Needs = readonly (readonly [word: string, value: string])[];

async function askNeeds(remote: Remote): Promise<Needs> {
  const script = readFileSync(new URL('./doctor.sh', import.meta.url), 'utf8');
  const { stdout } = await remote.run(script, { name: 'needs', intent: 'read' });
  const lines = stdout.toString('latin1').split('\n');
  return lines.filter(Boolean).map((line) => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]);
}

function wayIn(needs: Needs): string {
  return needs.find(([word]) => word === 'way')?.[1] || 'the login is root';
}

function shortcomings(needs: Needs): Problem[] {
  return needs.flatMap(([word, value]): Problem[] => {
    const [first = '', second = ''] = value.split(' ');
    switch (word) {
      case 'missing':
        return [{ text: `${value} is not there`, hint: 'Install the package of Debian that has it.' }];
      case 'readonly':
        return [{ text: `${value} is mounted read-only`, hint: '`journalctl -k` may say why; `mount -o remount,rw`.' }];
      case 'free':
        if (Number(first) >= ENOUGH_KB) return [];
        return [
          { text: `${second} has ${first} kB left`, hint: 'Make room: of each file that changes a copy is kept.' },
        ];
      case 'apt':
        return [{ text: `apt is in use by ${value}`, hint: 'Wait until that is done.' }];
      case 'unfinished':
        return [{ text: `dpkg has not finished ${value}`, hint: '`dpkg --configure -a`, or `apt-get -f install`.' }];
      default:
        return [];
    }
  });
}

function versions({ os, postfix, dovecot }: Facts): string {
  return `${os.pretty} · Postfix ${postfix ?? 'not there'} · Dovecot ${dovecot ?? 'not there'}`;
}

function unfinished({ unfinished: ids }: Facts): string {
  if (ids.length === 0) return 'none under way';
  return `${ids.join(', ')} did not come to its end: an apply finishes or undoes it first`;
}

function assertClock({ now }: Facts): void {
  const off = Math.round(now - Date.now() / 1000);
  if (Math.abs(off) <= CLOCK_SECONDS) return;
  throw new HardenMailError(
    'REMOTE_FAILED',
    `the host's clock is ${Math.abs(off)} s ${off > 0 ? 'ahead of' : 'behind'} ours`,
    'Set it (`timedatectl`): certificates are valid by the clock.',
  );
}
