/** `harden-mail rehearse`: apply, verify and rollback, and an upgrade, on a copy of the host. Nothing is written on the host. */
import { HardenMailError } from '../../model/errors.ts';
import { lab } from '../../lab/lab.ts';
import { sayThrough } from '../../lab/programs.ts';
import { readOnly } from '../../remote/readonly.ts';
import { capture } from '../../rehearse/capture.ts';
import { assertNext } from '../../plan/upgrade/foresee.ts';
import { cluesOf } from '../../rehearse/stand-ins.ts';
import { shownPlan } from '../../rehearse/verdict.ts';
import { connected, filesRead } from '../reading.ts';
import { each } from '../stages.ts';
import type { Flow, Io, RunOptions, Say, Step } from '../step.ts';
import { finish, type Begun, type Connected } from '../visit.ts';
import { flow as apply } from './apply.ts';
import { rehearsed } from '../rehearsing.ts';
import type { HostResult, Rehearsal } from '../../model/index.ts';
import { endingView } from '../../report/ending-view.ts';
import { FAILED } from '../../report/shared-endings.ts';
import { rehearsalLines, rehearsalSchema } from '../../report/rehearsal-lines.ts';
import { rehearsalPage } from '../../report/rehearsal-page.ts';

export const flow: Flow = async (hosts, options, io) => {
  await assertEngine();
  sayThrough(() => {}); // the progress shows the steps
  lab.acme().catch(() => {}); // starts while the host is read; a failure is reported when the copy is made
  return each(hosts, (from, given, say) => rehearse(from, given, say, io), options, io);
};

/** @throws STOPPED on a machine that cannot boot a copy */
async function assertEngine(): Promise<void> {
  const can = await lab.available();
  if (!can.ok)
    throw new HardenMailError(
      'STOPPED',
      `a rehearsal boots a copy of the host on this machine, and it cannot: ${can.reason}`,
      'Run it as root on a Debian machine. Nothing was read or written.',
    );
  const missing = await lab.lacking();
  if (missing.length > 0)
    throw new HardenMailError(
      'STOPPED',
      `a rehearsal boots a copy of the host with programs that this machine lacks: ${missing.join(', ')}`,
      `Run: apt-get install ${missing.join(' ')}`,
    );
}

async function rehearse(from: Begun, options: RunOptions, say: Say, io: Io): ReturnType<Step<Begun, Begun>> {
  const reached = await connected(from, options, say);
  const { visit } = from;
  const { snapshot } = await filesRead(reached, options, say);
  if (options.upgradeTo !== undefined) assertNext(snapshot.facts, options.upgradeTo, visit.name);
  const capturing = capture(readOnly(reached.remote), Object.keys(snapshot.files));
  capturing.catch(() => {}); // awaited after the dry run, which may end first
  say('plan');
  const planned = await dryRun(reached, options, io);
  if (planned.ending.kind === 'failed') {
    const { ending } = planned;
    return finish(from, ending);
  }
  say('capture');
  const captured = await capturing;
  visit.report.plan = planned.plan && shownPlan(planned.plan, cluesOf(captured));
  const original = { host: visit.host, facts: snapshot.facts, plan: planned.plan, capture: captured };
  const rehearsal = await rehearsed(original, options, say);
  return finish(from, { kind: 'rehearsed', rehearsal });
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
  gist: ({ rehearsal: { good, verdict } }) => `${good ? 'good' : 'bad'}: ${verdict}`,
});

export const endings = [ending, FAILED];

export const stays = (results: readonly HostResult[]): boolean =>
  results.some(({ ending: { kind, ...rest } }) => kind === 'rehearsed' && 'rehearsal' in rest && rest.rehearsal.kept);
