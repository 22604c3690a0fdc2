/** `harden-mail apply`; with `--dry-run` the same flow, which ends after the diff. */
import { preflight, requestCertificate } from '../../commit/request-certificate.ts';
import { installPackages } from '../../commit/install-packages.ts';
import { HardenMailError } from '../../model/errors.ts';
import { isEmpty, type Finding, type Note } from '../../model/index.ts';
import { readOnly } from '../../remote/readonly.ts';
import { onlyInUse } from '../../plan/names-in-use.ts';
import { agree } from '../agree.ts';
import { carryOut } from '../carry-out.ts';
import { planInDialogue } from '../consent.ts';
import { verdict } from '../endings.ts';
import { excuse } from '../excuse.ts';
import { withLastWords } from '../last-words.ts';
import { approach, connected, planned } from '../reading.ts';
import { inBatches, stage, visiting } from '../stages.ts';
import type { Flow, Step } from '../step.ts';
import { finish, NO_APT, type Agreed, type Begun, type Planned, type Surveyed } from '../visit.ts';
import { CHANGE_ENDINGS } from '../../report/shared-endings.ts';

/** For every host: read, plan, show the diff, ask; install packages, request certificates; plan again; commit, verify, confirm. */
export const flow: Flow = (hosts, options, io) =>
  visiting(hosts, async (begun) => {
    const surveyed = await stage(survey, begun, options, io);
    const agreed = await agree('Apply to', surveyed, options, io);
    options.interrupt.hold();
    const prepared = await stage(prepare, agreed, options, io);
    await inBatches(carryOut, await agree('Apply to', prepared, options, io), options, io);
  });

/** connect → gather → plan. A host that needs no change is verified, and done. Nothing is written. */
const survey: Step<Begun, Surveyed> = async (from, options, say) => {
  const { visit } = from;
  const began = options.world.clock();
  const approached = approach(from, options);
  // A dry run too looks at the ports while it reads, as any client may: a second way would only wait for the answers later.
  const isEarly = !visit.host.local && !options.user;
  const look = isEarly ? options.world.beginProbe(approached, visit.host, options) : null;
  try {
    const reached = await connected(from, options, say, approached.remote);
    const { found: made, consents, asked } = await planInDialogue(reached, options, say);
    const found = await withDoubts(made);
    const { plan, remote, snapshot, policy, open } = found;
    const surveyed = { ...found, consents, goal: 'apply', before: [], apt: NO_APT } as const;
    if (options.dryRun && !isEmpty(plan)) return surveyed;
    say('verify');
    if (!isEmpty(plan) && plan.actions.length === 0) remote.prepare?.();
    const before = snapshot.facts.packages['postfix'] ? await seenBefore() : [];
    const excused = excuse(before, open, []);
    visit.report.findings = isEmpty(plan) ? await withLastWords(remote, snapshot, excused, began, options) : excused;
    if (isEmpty(plan)) return finish(from, verdict(visit.report.findings, { kind: 'unchanged' }));
    return { ...surveyed, before };

    async function seenBefore(): Promise<readonly Finding[]> {
      const how = isEmpty(plan) ? 'full' : 'before';
      const again = () => options.world.probe(remote, snapshot, policy, options, how);
      // A mail server does not wait while the user thinks about a question.
      if (asked || !look) return again();
      const seen = await look.conclude(remote, snapshot, policy, how);
      // The look began before the files were read, so it may be older than a reload that has happened meanwhile.
      return isEmpty(plan) && seen.some(isOutdated) ? again() : seen;
    }
  } finally {
    look?.abandon();
  }
};

/** Checks on the host whether its names resolve to it, before certbot runs; the plan notes what is doubtful. */
async function withDoubts(found: Planned): Promise<Planned> {
  const { plan, remote, policy, visit } = found;
  const doubts: Note[] = [];
  for (const action of plan.actions) {
    if (action.kind !== 'certificate') continue;
    const texts = await preflight(readOnly(remote), action, onlyInUse(policy));
    doubts.push(...texts.map((text): Note => ({ task: 'certbot', level: 'warning', text })));
  }
  if (doubts.length === 0) return found;
  visit.report.plan = { ...plan, notes: [...plan.notes, ...doubts] };
  return { ...found, plan: visit.report.plan, notes: [...found.notes, ...doubts] };
}

/** The daemon serves a certificate other than the one that was read. */
function isOutdated({ check, status }: Finding): boolean {
  return check === 'certificate-served' && status === 'fail';
}

/** install and certbot: packages and certificates must be there before the settings that use them go live. */
const prepare: Step<Agreed, Agreed> = async (from, options, say) => {
  let present = from;
  for (let action = present.plan.actions[0]; action !== undefined; action = present.plan.actions[0]) {
    say(action.kind);
    let { apt } = present;
    if (action.kind === 'install') {
      const { facts } = present.snapshot;
      await installPackages(present.remote, action.packages, facts);
      apt = {
        installed: [...apt.installed, ...action.packages],
        removed: [...apt.removed, ...facts.removes],
      };
    } else await requestCertificate(present.remote, action);
    const before = present.plan.actions.length;
    present = { ...present, ...(await planned(present, options, say, present.consents)), apt };
    if (present.plan.actions.length >= before) {
      throw new HardenMailError(
        'REMOTE_FAILED',
        `${action.kind} on ${present.visit.name} reported success, but its result is not there`,
        'Look at the host with ssh; no configuration was written.',
      );
    }
  }
  return present;
};

export const endings = CHANGE_ENDINGS;
