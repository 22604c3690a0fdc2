/** `harden-mail rehearse`: apply, verify and rollback, and an upgrade, on a copy of the host. Nothing is written on the host. */
import { lab } from '../../lab/lab.ts';
import { sayThrough } from '../../lab/programs.ts';
import { readOnly } from '../../remote/readonly.ts';
import { capture } from '../../rehearse/capture.ts';
import { assertNext } from '../../plan/upgrade/foresee.ts';
import { cleanCapture } from '../../rehearse/clean-capture.ts';
import { shownPlan } from '../../rehearse/verdict.ts';
import { connected, filesRead } from '../reading.ts';
import { each } from '../stages.ts';
import { baseOf } from '../rehearsal/base.ts';
import { assertCopyable, originalOf } from '../rehearsal/original.ts';
import { assertEngine } from '../spare/engine.ts';
import { openSpare, type Spare } from '../spare/spare.ts';
import type { Flow, Io, RunOptions, Step } from '../step.ts';
import { finish, type Begun, type Connected } from '../visit.ts';
import { flow as apply } from './apply.ts';
import { rehearsed } from '../rehearsal/rehearsing.ts';
import type { Host, HostResult, Rehearsal } from '../../model/index.ts';
import { endingView } from '../../report/ending-view.ts';
import { FAILED } from '../../report/shared-endings.ts';
import { rehearsalLines, rehearsalSchema } from '../../report/rehearsal-lines.ts';
import { rehearsalPage } from '../../report/rehearsal-page.ts';

export const flow: Flow = async (hosts, options, io) => {
  if (options.on !== undefined) return onSpare(options.on, hosts, options, io);
  await assertEngine();
  sayThrough(() => {}); // the progress shows the steps
  lab.acme().catch(() => {}); // starts while the host is read; a failure is reported when the copy is made
  return each(hosts, rehearse(HERE, io), options, io);
};

async function onSpare(on: Host, ...[hosts, options, io]: Parameters<Flow>): ReturnType<Flow> {
  const spare = await openSpare(on, options);
  try {
    return await each(hosts, rehearse(spare, io), options, io);
  } finally {
    await spare.close();
  }
}

/** The machine that plays. */
type Stage = Pick<Spare, 'assertOther' | 'play'>;

const HERE: Stage = { assertOther: () => Promise.resolve(), play: rehearsed };

function rehearse(stage: Stage, io: Io): Step<Begun, Begun> {
  return async (from, options, say) => {
    const reached = await connected(from, options, say);
    const { visit } = from;
    const { snapshot } = await filesRead(reached, options, say);
    await stage.assertOther(reached.remote);
    if (options.upgradeTo !== undefined) assertNext(snapshot.facts, options.upgradeTo, visit.name);
    assertCopyable(snapshot.facts);
    baseOf(snapshot.facts, options.upgradeTo);
    const capturing = capture(readOnly(reached.remote), Object.keys(snapshot.files));
    capturing.catch(() => {}); // awaited after the dry run, which may end first
    say('plan');
    const planned = await dryRun(reached, options, io);
    if (planned.ending.kind === 'failed') {
      const { ending } = planned;
      return finish(from, ending);
    }
    say('capture');
    const captured = cleanCapture(await capturing);
    visit.report.plan = planned.plan && shownPlan(planned.plan, captured.clues);
    const original = originalOf(
      { host: visit.host, address: reached.remote.address },
      snapshot.facts,
      planned.plan,
      captured,
    );
    const rehearsal = await stage.play(original, options, say);
    return finish(from, { kind: 'rehearsed', rehearsal });
  };
}

/** The plan for the host itself, over the same connection. */
async function dryRun({ visit, remote }: Connected, options: RunOptions, io: Io): Promise<HostResult> {
  const world = { ...options.world, connect: () => Promise.resolve({ ...remote, close: () => Promise.resolve() }) };
  const quiet: Io = {
    ...io,
    progress: { each: async (items, _, work) => { for (const item of items) await work(item, () => {}); }, aside: (talk) => talk() }, // oxfmt-ignore
    alike: (plans) => Promise.resolve(plans.map((plan) => [plan])),
    show: () => Promise.resolve(),
  };
  const [result] = await apply([visit.host], { ...options, world, dryRun: true }, quiet);
  if (!result) throw new Error('the dry run has no result');
  return result;
}

declare module '../../model/result.ts' {
  interface CommandEndings {
    readonly rehearsed: { readonly rehearsal: Rehearsal };
  }
}

const ending = endingView({
  kind: 'rehearsed',
  total: 'good',
  totalAtFault: 'bad',
  lines: ({ host, ending: { rehearsal } }, chalk) => rehearsalLines(host, rehearsal, chalk),
  schema: (z) => z.object({ rehearsal: rehearsalSchema(z).describe('what happened to the copy') }),
  fields: ({ rehearsal }) => ({ rehearsal }),
  page: ({ rehearsal }) => rehearsalPage(rehearsal),
  gist: ({ rehearsal: { good, verdict, on } }) =>
    `${good ? 'good' : 'bad'}: ${verdict}${on === undefined ? '' : ` (played on ${on})`}`,
});

export const endings = [ending, FAILED];

export const stays = (results: readonly HostResult[]): boolean =>
  results.some(({ ending: { kind, ...rest } }) => kind === 'rehearsed' && 'rehearsal' in rest && rest.rehearsal.kept);
