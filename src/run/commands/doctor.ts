/** `harden-mail doctor`: checks the way to a host step by step, and what would prevent an apply there. */
import { preflight } from '../../commit/request-certificate.ts';
import type { JobArguments, JobName, JobResult } from '../../compute/jobs.ts';
import { HardenMailError } from '../../model/errors.ts';
import { dangerSentence } from '../danger-notes.ts';
import { askedOf } from '../../plan/as-found/refused.ts';
import { dangersThatCount, type Diagnosis, type Facts, type Host, type Snapshot } from '../../model/index.ts';
import { assertSupported } from '../../debian/supported.ts';
import { readOnly } from '../../remote/readonly.ts';
import type { Remote } from '../../remote/remote.ts';
import { onlyInUse } from '../../plan/names-in-use.ts';
import { assertFree, readHost } from '../reading.ts';
import { each } from '../stages.ts';
import type { Flow, Step } from '../step.ts';
import { finish, type Begun } from '../visit.ts';
import type { ChalkInstance } from 'chalk';
import { DIAGNOSIS_STATUSES } from '../../model/index.ts';
import { key, section, sign, table } from '../../report/cells.ts';
import { count } from '../../report/count.ts';
import { endingView, type Zod } from '../../report/ending-view.ts';
import { FAILED } from '../../report/shared-endings.ts';
import { escape } from '../../report/escape.ts';
import { html } from '../../report/markup.ts';
import { logbook, type Logbook, type Problem } from '../logbook.ts';
import { askNeeds, shortcomings, wayToRoot } from '../host-needs.ts';

/** Runs a job for the host. */
type Work = <N extends JobName>(job: N, ...args: JobArguments<N>) => Promise<JobResult<N>>;

/** The tolerated difference of the clocks: certificates are judged by the clock. */
const CLOCK_SECONDS = 300;

export const flow: Flow = (hosts, options, io) => each(hosts, examine, options, io);

const examine: Step<Begun, Begun> = async (from, options, say) => {
  const { visit } = from;
  const { host } = visit;
  const log = logbook(say);
  const { look } = log;
  const ssh = { ...options.ssh, onStep: log.done };
  visit.connection = await look('connect', () => options.world.connect(host, ssh), null);
  if (visit.connection) {
    const remote = readOnly(visit.connection);
    const needs = await look('root', () => askNeeds(remote), wayToRoot);
    for (const found of shortcomings(needs ?? [])) log.failed('host', found);
    const read = () => readHost(options, remote, host);
    const snapshot = needs && (await look('files', read, ({ files }) => `${Object.keys(files).length} were read`));
    if (snapshot) {
      visit.report.facts = snapshot.facts;
      const work: Work = (job, ...args) => options.compute(host.name, job, ...args);
      await lookAhead(host, remote, snapshot, work, log);
      await lookAtFaults(snapshot, work, log);
      await lookAtDangers(snapshot, work, log);
    }
  }
  return finish(from, { kind: 'examined', diagnoses: log.diagnoses });
};

/** The steps of apply before anything is written. */
async function lookAhead(
  host: Host,
  remote: Remote,
  snapshot: Snapshot,
  work: Work,
  { look, warned }: Logbook,
): Promise<void> {
  const { facts } = snapshot;
  await look('release', () => assertSupported(facts, host.name), () => versions(facts)); // oxfmt-ignore
  await look(
    'clock',
    () => assertClock(facts),
    () => 'as ours',
  );
  await look('transaction', () => assertFree(facts, host.name), () => unfinished(facts)); // oxfmt-ignore
  const policy = await look('domain', () => work('policy', host, snapshot), ({ domain }) => domain); // oxfmt-ignore
  const plan = policy && (await look('plan', () => work('whole plan', snapshot, policy), ({ settings }) => `apply would change ${settings.length} settings`)); // oxfmt-ignore
  if (plan || !policy) await look('config', () => work('accept', snapshot, plan), () => askedOf(facts)); // oxfmt-ignore
  for (const action of plan?.actions ?? []) {
    if (action.kind !== 'certificate') continue;
    const names = action.domains.join(', ');
    const doubts = await look(
      'certificate',
      () => preflight(remote, action, onlyInUse(policy!)),
      (found) => (found.length > 0 ? `may be available for ${names}` : `is available for ${names}`),
    );
    for (const doubt of doubts ?? []) warned('certificate', withHint(doubt));
  }
}

/** Faults that the parsers accept. They do not prevent an apply, which repairs what it can. */
async function lookAtFaults(snapshot: Snapshot, work: Work, { warned }: Logbook): Promise<void> {
  for (const { text, todo } of await work('faults if readable', snapshot)) warned('broken', { text, hint: todo });
}

/** `TEXT. Next: HINT` of a note. */
function withHint(note: string): Problem {
  const [text = note, hint = ''] = note.split('. Next: ');
  return { text, hint };
}

/** The dangers of the present configuration: only warnings, because they prevent no apply. For unreadable files the plan fails. */
async function lookAtDangers(snapshot: Snapshot, work: Work, { done, warned }: Logbook): Promise<void> {
  const map = await work('map if readable', snapshot);
  if (!map) return;
  const dangers = dangersThatCount(map);
  for (const danger of dangers) warned('danger', { text: dangerSentence(danger), hint: danger.hint });
  if (dangers.length === 0) done('dangers', `none found in ${map.ways.length} ways in (harden-mail map)`);
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

declare module '../../model/result.ts' {
  interface CommandEndings {
    readonly examined: { readonly diagnoses: readonly Diagnosis[] };
  }
}

const ending = endingView({
  kind: 'examined',
  total: 'ok',
  lines: ({ host, ending: { diagnoses } }, chalk) => [
    ...diagnoses.flatMap((one) => diagnosisLines(one, chalk)),
    `${chalk.bold(escape(host))}  ${conclusion(diagnoses, chalk)}`,
  ],
  needsAttention: ({ diagnoses }) => diagnoses.some(({ status }) => status === 'warn'),
  schema: (z) => z.object({ diagnoses: z.array(diagnosisSchema(z)).describe('each look') }),
  fields: ({ diagnoses }) => ({ diagnoses }),
  page: ({ diagnoses }) =>
    section(
      'Step by step',
      table(
        diagnoses.map(({ check, status, text, hint, seconds }) => [
          sign(status),
          key(check),
          html`<td>${text}${hint === '' ? '' : html`<p class="soft">${hint}</p>`}</td>`,
          html`<td class="number soft">${seconds.toFixed(2)} s</td>`,
        ]),
      ),
    ),
});

const diagnosisSchema = (z: Zod) =>
  z.object({
    check: z.string(),
    status: z.enum(DIAGNOSIS_STATUSES).describe('`warn`: a danger, which does not prevent an apply'),
    text: z.string(),
    hint: z.string().describe('how to fix it; empty if nothing is wrong'),
    exit: z.int().min(0).max(255).describe('the exit code that an apply would end with'),
    seconds: z.number().min(0),
  });

/** `✔ login      0.21 s  root, by key /root/.ssh/id_ed25519`, and the fix where there is one. */
function diagnosisLines({ check, status, text, hint, seconds }: Diagnosis, chalk: ChalkInstance): string[] {
  const mark = { ok: chalk.green('✔'), warn: chalk.yellow('!'), fail: chalk.red('✖') }[status];
  const line = `  ${mark} ${check.padEnd(11)} ${seconds.toFixed(2).padStart(5)} s  ${escape(text)}`;
  return hint === '' ? [line] : [line, `      ${chalk.dim('→')} ${escape(hint)}`];
}

function conclusion(diagnoses: readonly Diagnosis[], chalk: ChalkInstance): string {
  const bad = diagnoses.filter(({ status }) => status === 'fail').length;
  const dangers = diagnoses.filter(({ status }) => status === 'warn').length;
  const more = dangers === 0 ? '' : `; ${chalk.yellow(count(dangers, 'danger'))} found`;
  if (bad === 0) return `${chalk.green('ok')}: nothing is in the way of an apply${more}. Nothing was written.`;
  const what = `${count(bad, 'thing')} ${bad === 1 ? 'is' : 'are'} in the way of an apply`;
  return `${chalk.red('failed')}: ${what}${more}. Nothing was written.`;
}

export const endings = [ending, FAILED];
