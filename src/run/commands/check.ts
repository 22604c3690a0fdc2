/** `harden-mail check`: would an apply change anything, now or after an upgrade? Nothing is written. */
import { recordMailboxes } from '../../commit/record-mailboxes.ts';
import { readHistory } from '../../commit/read-history.ts';
import { findLeftovers, findPristine } from '../../gather/leftovers.ts';
import { CONVERSION, isEmpty, PATHS, type Ending, type Note } from '../../model/index.ts';
import { driftOf } from '../../plan/drift.ts';
import { isHeld } from '../../plan/as-found/held-mail.ts';
import { readOnly } from '../../remote/readonly.ts';
import { shown } from '../agree.ts';
import { verdict } from '../endings.ts';
import { excuse } from '../excuse.ts';
import { withLastWords } from '../last-words.ts';
import { dangerNotes } from '../danger-notes.ts';
import { connected, planned, readAtRest } from '../reading.ts';
import { stage, visiting } from '../stages.ts';
import type { Flow, Step } from '../step.ts';
import { finish, type Begun, type Planned } from '../visit.ts';
import type { ChalkInstance } from 'chalk';
import type { Drift, Recorded } from '../../model/index.ts';
import { mono, section, table } from '../../report/cells.ts';
import { endingView, type Zod } from '../../report/ending-view.ts';
import { FAILED } from '../../report/shared-endings.ts';
import { count } from '../../report/count.ts';
import { escape } from '../../report/escape.ts';
import { passed } from '../../report/findings.ts';
import { html } from '../../report/markup.ts';
import { difference, warnings } from '../../report/plan-lines.ts';

export const flow: Flow = (hosts, options, io) =>
  visiting(hosts, async (begun) => {
    const looked = await stage(options.upgradeTo === undefined ? inspect : lookAhead, begun, options, io);
    const drifted = looked.filter(({ visit, plan }) => visit.ending?.kind !== 'failed' && !isEmpty(plan));
    for (const group of await io.alike(drifted.map(shown))) await io.show(group);
  });

/** The plan of an apply, and since when there is a difference. A host that needs no change is also probed from outside. */
const inspect: Step<Begun, Planned> = async (from, options, say) => {
  const found = await planned(await connected(from, options, say), { ...options, dryRun: true }, say);
  const { visit, remote, snapshot, policy, open } = found;
  const map = await options.compute(visit.name, 'map if readable', snapshot);
  const plan = { ...found.plan, notes: [...found.plan.notes, ...dangerNotes(map)] };
  visit.report.plan = plan;
  const [history, leftovers] = await Promise.all([readHistory(readOnly(remote)), findLeftovers(readOnly(remote))]);
  const drift = driftOf(plan, history, leftovers);
  const checked: Ending = { kind: isEmpty(plan) ? 'checked' : 'drifted', drift };
  if (isEmpty(plan)) {
    say('verify');
    const began = options.world.clock();
    const excused = excuse(await options.world.probe(remote, snapshot, policy, options, 'full'), open, []);
    visit.report.findings = await withLastWords(remote, snapshot, excused, began, options);
  }
  finish(found, verdict(visit.report.findings, checked));
  return { ...found, plan };
};

/** `check --upgrade-to`: the plan of the same files under the next release. */
const lookAhead: Step<Begun, Planned> = async (from, options, say) => {
  const { upgradeTo: release } = options;
  if (release === undefined) throw new Error('no release to look ahead to');
  const found = await readAtRest(await connected(from, options, say), { ...options, dryRun: true }, say);
  const { visit, remote, snapshot, policy } = found;
  const pristine = await findPristine(readOnly(remote));
  const ahead = await options.compute(visit.name, 'foresee', snapshot, policy, release, visit.name, pristine);
  const prepared = isHeld(snapshot) ? { ...policy, prepares: release } : policy;
  const now = await options.compute(visit.name, 'whole plan', snapshot, prepared);
  const before = isEmpty(now) ? [] : [NOT_YET];
  const converts = ahead.settings.some(({ fragment }) => fragment === CONVERSION);
  const unrecorded = converts === options.record ? [] : [converts ? NOT_RECORDED : NOTHING_TO_RECORD];
  const plan = { ...ahead, notes: [...found.notes, ...before, ...ahead.notes, ...unrecorded] };
  visit.report.plan = plan;
  if (options.record && converts) say('record');
  const recorded = options.record && converts ? await recordMailboxes(remote, options.mailboxes ?? 'sample') : undefined; // oxfmt-ignore
  finish(found, { kind: 'foreseen', release, ...(recorded && { recorded }) });
  return { ...found, plan, open: [] };
};

const NOT_YET: Note = {
  task: 'restart',
  level: 'warning',
  text: 'this host needs changes already: run apply before the upgrade; this plan includes those changes',
};

const NOT_RECORDED: Note = {
  task: 'dovecot-ssl',
  level: 'info',
  text: "no list of users' mailboxes is kept; with --record the apply that converts Dovecot's files compares them, and stops before a user loses one",
};

const NOTHING_TO_RECORD: Note = {
  task: 'dovecot-ssl',
  level: 'info',
  text: "no mailboxes are recorded: the upgrade needs no conversion of Dovecot's files",
};

declare module '../../model/result.ts' {
  interface CommandEndings {
    /** As it should be. The drift has no files, and perhaps leftovers. */
    readonly checked: { readonly drift: Drift };
    readonly drifted: { readonly drift: Drift };
    /** `--upgrade-to`: the plan is for the same host with the next release. */
    readonly foreseen: { readonly release: string; readonly recorded?: Recorded };
  }
}

const leftoverLines = ({ leftovers }: Drift, chalk: ChalkInstance): string[] =>
  leftovers.map((path) => `  ${chalk.dim('·')} ${escape(path)} waits for a merge`);

/** The fields and the part of the page that both endings have. */
const driftParts = {
  schema: (z: Zod) => z.object({ drift: driftSchema(z).describe('how the files came to differ') }),
  fields: ({ drift }: { readonly drift: Drift }) => ({ drift }),
  page: ({ drift }: { readonly drift: Drift }) => [
    ...section('Since when', table(drift.files.map((file) => [mono(file.path), html`<td>${since(file)}</td>`]))),
    ...section('Waits for a merge', table(drift.leftovers.map((path) => [mono(path)]))),
  ],
};

const checked = endingView({
  kind: 'checked',
  total: 'ok',
  totalAtFault: 'drifted', // documents of earlier versions
  lines: ({ host, plan, findings, ending: { drift } }, chalk) => [
    ...leftoverLines(drift, chalk),
    ...warnings(plan, chalk),
    `${chalk.bold(escape(host))}  ${chalk.green('ok')}: as it should be, ${passed(findings)}`,
  ],
  ...driftParts,
});

const drifted = endingView({
  kind: 'drifted',
  total: 'drifted',
  totalAtFault: 'drifted',
  lines: ({ host, plan, ending: { drift } }, chalk) => {
    const what = `${plan ? difference(plan) : ''}; \`harden-mail apply\` fixes it. Nothing was written.`;
    const told = `${chalk.bold(escape(host))}  ${chalk.yellow('drift')}: ${what}`;
    return [...leftoverLines(drift, chalk), ...sinceLines(drift, chalk), told];
  },
  ...driftParts,
});

const driftSchema = (z: Zod) =>
  z.object({
    files: z
      .array(
        z.object({
          path: z.string(),
          transaction: z
            .string()
            .nullable()
            .describe('the last transaction that wrote the file; null if the journal has none'),
          edited: z.boolean().describe('edited since then, outside of harden-mail'),
        }),
      )
      .describe('each file that would change'),
    leftovers: z.array(z.string()).describe('paths of dpkg and ucf that wait for a merge'),
  });

/** For each file that would change, the transaction that wrote it last. */
function sinceLines({ files }: Drift, chalk: ChalkInstance): string[] {
  const width = Math.max(0, ...files.map(({ path }) => path.length));
  return files.map((file) => `  ${chalk.yellow('~')} ${escape(file.path).padEnd(width)}  ${escape(since(file))}`);
}

function since({ transaction: id, edited }: Drift['files'][number]): string {
  if (id === null) return 'no transaction of the journal wrote it';
  return edited ? `changed since transaction ${id}` : `as transaction ${id} left it: more is wanted now`;
}

const foreseen = endingView({
  kind: 'foreseen',
  total: 'ok',
  totalAtFault: 'drifted',
  lines({ host, plan, ending }, chalk) {
    const name = chalk.bold(escape(host));
    const release = chalk.bold(escape(ending.release));
    if (!plan || isEmpty(plan)) return [`${name}  ${chalk.green('ok')}: ${release} needs no change of these files`];
    const what = `after the upgrade to ${release}, \`harden-mail apply\` would change ${difference(plan)}`;
    const { recorded } = ending;
    const notes = (recorded?.notes ?? []).map((text) => `  ${chalk.dim('·')} ${escape(text)}`);
    const written = recorded ? `Only ${PATHS.MAILBOXES} was written: ${recordedText(recorded)}` : 'Nothing was written';
    return [...notes, `${name}  ${chalk.yellow('ahead')}: ${what}. ${written}.`];
  },
  schema: (z) =>
    z.object({
      release: z.string().describe('the release looked ahead to'),
      recorded: z
        .object({
          users: z.int().nonnegative(),
          mailboxes: z.int().nonnegative(),
          notes: z.array(z.string()).describe('what is not in the list, and why'),
        })
        .optional()
        .describe("`--record`: the list of users' mailboxes that the host keeps for the apply after the upgrade"),
    }),
  fields: ({ release, recorded }) => ({ release, ...(recorded && { recorded }) }),
  page: ({ release, recorded }) => [
    html`<p>After the upgrade to ${release}:</p>`,
    ...(recorded ? [html`<p class="soft">${PATHS.MAILBOXES}: ${recordedText(recorded)}</p>`] : []),
    ...(recorded?.notes ?? []).map((text) => html`<p class="soft">${text}</p>`),
  ],
});

function recordedText({ users, mailboxes }: Pick<Recorded, 'users' | 'mailboxes'>): string {
  return `${mailboxes} mailbox${mailboxes === 1 ? '' : 'es'} of ${count(users, 'user')}`;
}

export const endings = [checked, drifted, foreseen, FAILED];
