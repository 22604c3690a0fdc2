/** `harden-mail rollback`: a normal transaction, with a plan made from the host's journal. */
import { readHistory } from '../../commit/read-history.ts';
import { readOnly } from '../../remote/readonly.ts';
import { agree } from '../agree.ts';
import { carryOut } from '../carry-out.ts';
import { connected, readAtRest } from '../reading.ts';
import { inBatches, stage, visiting } from '../stages.ts';
import type { Flow, Step } from '../step.ts';
import { NO_APT, type Begun, type Surveyed } from '../visit.ts';
import { CHANGE_ENDINGS } from '../../report/shared-endings.ts';

export const flow: Flow = (hosts, options, io) =>
  visiting(hosts, async (begun) => {
    const surveyed = await stage(survey, begun, options, io);
    const agreed = await agree('Roll back', surveyed, options, io);
    options.interrupt.hold();
    await inBatches(carryOut, agreed, options, io);
  });

/** The plan of a rollback, from the journal and the files as they are now. */
const survey: Step<Begun, Surveyed> = async (from, options, say) => {
  const found = await readAtRest(await connected(from, options, say), options, say);
  const { visit, remote, snapshot, policy } = found;
  const history = await readHistory(readOnly(remote));
  const undo = await options.compute(visit.name, 'undo', history, options.to, snapshot);
  const plan = { ...undo, notes: [...found.notes, ...undo.notes] };
  visit.report.plan = plan;
  const surveyed = { ...found, plan, open: [], consents: [], goal: 'rollback', before: [], apt: NO_APT } as const;
  if (options.dryRun) return surveyed;
  say('verify');
  return { ...surveyed, before: await options.world.probe(remote, snapshot, policy, options, 'quiet') };
};

export const endings = CHANGE_ENDINGS;
