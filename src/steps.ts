/** The steps of one host, as src/run.ts strings them together. */
import { preflight, requestCertificate } from './commit/certificate.ts';
import { installPackages } from './commit/install.ts';
import { readHistory } from './commit/history.ts';
import { heal } from './commit/heal.ts';
import { connect } from './connect/connect.ts';
import { HardenMailError } from './errors.ts';
import { gather } from './gather/gather.ts';
import { redact } from './formats/redact.ts';
import { findLeftovers, findPristine } from './gather/leftovers.ts';
import { isEmpty } from './model.ts';
import type { Ending, Facts, Finding, Host, Note, Policy, Replaceable, Snapshot } from './model.ts';
import { compose } from './plan/compose.ts';
import { composePart } from './plan/partial.ts';
import { dnsRecords, furtherRecords } from './plan/dns.ts';
import { driftOf } from './plan/drift.ts';
import { foresee } from './plan/foresee.ts';
import { policyOf } from './plan/adopt.ts';
import { readRecord } from './plan/record.ts';
import { assertSupported } from './plan/supported.ts';
import { undoPlan } from './plan/undo.ts';
import { beginProbe, probe, type Approach } from './probe.ts';
import { dangerNotes, mapIfReadable, mapOf } from './mapping.ts';
import { readOnly } from './remote/readonly.ts';
import type { Remote } from './remote/remote.ts';
import type { RunOptions, Say, Step } from './run.ts';
import { excuse } from './tags.ts';
import { selfSignedNotes } from './tasks/provided.ts';
import { servedCertificate } from './tasks/served.ts';
import { namedCertificates } from './tasks/sni.ts';
import { known, linked, type Known, type Visit } from './visit.ts';
import { verdict } from './words.ts';

/** connect → gather → plan. A host that is as it should be is verified, and done. Nothing is written. */
export const survey: Step = async (visit, options, say) => {
  say('connect');
  const approached = approach(visit.host, options.ssh);
  // A dry run touches nothing before it must: to answer a call a daemon may write its caches.
  const isEarly = !options.dryRun && !visit.host.local && !options.user;
  const look = isEarly ? beginProbe(approached, visit.host, options) : null;
  try {
    visit.remote = await approached.remote;
    const { plan, facts, policy, snapshot, asked } = await planInDialogue(visit, options, say);
    for (const action of plan.actions) {
      if (action.kind !== 'certificate') continue;
      warn(visit, await preflight(readOnly(linked(visit)), action, onlyInUse(policy)));
    }
    if (options.dryRun && !isEmpty(plan)) return;
    say('verify');
    if (facts.packages['postfix']) {
      const how = isEmpty(plan) ? 'full' : 'quiet';
      const { remote } = visit;
      visit.before = await (asked || !look
        ? probe(remote, snapshot, policy, options, how) // no server waits for somebody who is asked
        : look.conclude(remote, snapshot, policy, how));
      // A look that began before the files were read may be from before a reload that has happened meanwhile.
      if (look && isEmpty(plan) && visit.before.some(isOutdated))
        visit.before = await probe(remote, snapshot, policy, options, how);
      visit.findings = excuse(visit.before, visit.open, []);
    }
    if (isEmpty(plan)) visit.ending = verdict(visit.findings, { kind: 'unchanged' });
  } finally {
    look?.abandon();
  }
};

/** What is seen beside the plan, and is to be read with it. */
function warn(visit: Visit, texts: readonly string[]): void {
  const notes = texts.map((text): Note => ({ task: 'certbot', level: 'warning', text }));
  visit.notes = [...visit.notes, ...notes];
  if (visit.plan) visit.plan = { ...visit.plan, notes: [...visit.plan.notes, ...notes] };
}

/** Another certificate is served than the one that was read. */
function isOutdated({ check, status }: Finding): boolean {
  return check === 'certificate-served' && status === 'fail';
}

/** Names that nobody has asked for, and that a certificate which is served now has. */
export function onlyInUse({ namesInUse = [], domains }: Policy): string[] {
  return namesInUse.filter((name) => !domains.includes(name));
}

/** install and certbot: what they bring must be there before the settings that rest on it can go live. */
export const prepare: Step = async (visit, options, say) => {
  let { plan, facts } = known(visit);
  for (let action = plan.actions[0]; action !== undefined; action = plan.actions[0]) {
    say(action.kind);
    if (action.kind === 'install') {
      await installPackages(linked(visit), action.packages, facts);
      visit.apt = {
        installed: [...visit.apt.installed, ...action.packages],
        removed: [...visit.apt.removed, ...facts.removes],
      };
    } else await requestCertificate(linked(visit), action);
    const before = plan.actions.length;
    ({ plan, facts } = await planAnew(visit, options, say));
    if (plan.actions.length >= before) {
      throw new HardenMailError(
        'REMOTE_FAILED',
        `${action.kind} on ${visit.name} reported success, but what it should bring is not there`,
        'Look at the host with ssh; no configuration was written.',
      );
    }
  }
};

/** `check`: the plan of an apply, and since when it is not empty. A host that is as it should be is also looked at from outside. */
export const inspect: Step = async (visit, options, say) => {
  const { plan: planned, snapshot, policy } = await planAnew(visit, { ...options, dryRun: true }, say);
  const plan = { ...planned, notes: [...planned.notes, ...dangerNotes(mapIfReadable(snapshot))] };
  visit.plan = plan;
  const remote = readOnly(linked(visit));
  const [history, leftovers] = await Promise.all([readHistory(remote), findLeftovers(remote)]);
  const checked: Ending = { kind: 'checked', drift: driftOf(plan, history, leftovers) };
  if (isEmpty(plan)) {
    say('verify');
    visit.findings = excuse(await probe(linked(visit), snapshot, policy, options, 'full'), visit.open, []);
  }
  visit.ending = verdict(visit.findings, checked);
};

/** `check --upgrade-to`: the plan of the same files under the next release. */
export const lookAhead: Step = async (visit, options, say) => {
  const { upgradeTo: release } = options;
  if (release === undefined) throw new Error('no release to look ahead to');
  const { snapshot, policy } = await readAtRest(visit, { ...options, dryRun: true }, say);
  const pristine = await findPristine(readOnly(linked(visit)));
  const ahead = foresee(snapshot, policy, release, visit.name, pristine);
  const before = isEmpty(compose(snapshot, policy)) ? [] : [NOT_YET];
  visit.plan = { ...ahead, notes: [...visit.notes, ...before, ...ahead.notes] };
  visit.ending = { kind: 'foreseen', release };
};

const NOT_YET: Note = {
  task: 'restart',
  level: 'warning',
  text: 'this host is not as it should be as it is: run apply before the upgrade; what that would change is in this plan too',
};

/** `verify` by itself. */
export const look: Step = async (visit, options, say) => {
  const { snapshot, policy } = await read(visit, options, say);
  say('verify');
  visit.findings = await probe(linked(visit), snapshot, policy, options, 'full');
  visit.ending = verdict(visit.findings, { kind: 'verified' });
};

/** The records that would go with the certificate. */
export const readRecords: Step = async (visit, options, say) => {
  const { facts, policy } = await read(visit, options, say);
  const { chain, ...served } = servedCertificate(facts, policy);
  if (chain === null) {
    throw new HardenMailError(
      'CERTIFICATE_FAILED',
      `${visit.name} has no certificate for ${policy.domain} yet, so there is no record that would go with it`,
      '`harden-mail apply` gets one.',
    );
  }
  const further = namedCertificates(facts, policy).flatMap(({ names, served: { chain: of, ...one } }) =>
    of === null ? [] : furtherRecords({ chain: of, ...one }, names),
  );
  visit.ending = { kind: 'dns', records: [...dnsRecords({ chain, ...served }, policy, facts), ...further] };
};

/** `map`: who can do what through which way in. Needs no plan, and so no mail domain. */
export const readMap: Step = async (visit, options, say) => {
  visit.ending = { kind: 'mapped', map: mapOf(await readFiles(visit, options, say)) };
};

/** The journal, for `history`. */
export const readJournal: Step = async (visit, options, say) => {
  await read(visit, options, say);
  const transactions = await readHistory(readOnly(linked(visit)));
  const masked = transactions.map((one) => ({ ...one, reason: redact(one.reason) }));
  visit.ending = { kind: 'history', transactions: masked };
};

/** The plan of a rollback, from the journal and the files as they are now. */
export const surveyUndo: Step = async (visit, options, say) => {
  const { policy, snapshot } = await readAtRest(visit, options, say);
  visit.goal = 'rollback';
  const history = await readHistory(readOnly(linked(visit)));
  const undo = undoPlan(history, options.to, snapshot);
  visit.plan = { ...undo, notes: [...visit.notes, ...undo.notes] };
  if (options.dryRun) return;
  say('verify');
  visit.before = await probe(linked(visit), snapshot, policy, options, 'quiet');
};

// ── what several of them do ──────────────────────────────────────────────────────────────────────────────────────────

/** A host in the middle of a transaction shows neither what was nor what will be. */
export function assertFree({ busy }: Facts, name: string): void {
  if (busy === '') return;
  throw new HardenMailError(
    'LOCKED',
    `another harden-mail works on ${name}: ${busy}`,
    'Nothing was written. Run again when it is done.',
  );
}

function approach(host: Host, ssh: RunOptions['ssh']): Approach {
  let reached: (address: string) => void = () => {};
  const told = new Promise<string>((resolve) => (reached = resolve));
  const remote = connect(host, { ...ssh, onAddress: reached });
  const address = Promise.race([told, remote.then((one) => one.address)]);
  for (const one of [address, remote]) one.catch(() => {}); // awaited by whoever needs it
  return { address, remote };
}

/** connect → gather → policy. */
async function read(
  visit: Visit,
  options: RunOptions,
  say: Say,
): Promise<{ snapshot: Snapshot; facts: Facts; policy: Policy }> {
  const snapshot = await readFiles(visit, options, say);
  const replace = [...(visit.host.replace ?? []), ...visit.consents];
  visit.policy = policyOf({ ...visit.host, replace }, snapshot);
  return { snapshot, facts: snapshot.facts, policy: visit.policy };
}

/** connect → gather. */
async function readFiles(visit: Visit, { ssh }: RunOptions, say: Say): Promise<Snapshot> {
  if (!visit.remote) {
    say('connect');
    visit.remote = await connect(visit.host, ssh);
  }
  say('gather');
  const snapshot = await readHost(readOnly(visit.remote), visit.host);
  visit.snapshot = snapshot;
  assertSupported(snapshot.facts, visit.name);
  return snapshot;
}

/** Without an inventory only the host's own record says which certificates of the admin's there are for further names. */
export async function readHost(remote: Remote, host: Host): Promise<Snapshot> {
  const snapshot = await gather(remote, host);
  const sni = host.sni === undefined ? readRecord(snapshot).sni : [];
  return sni.some(({ cert }) => cert !== undefined) ? gather(remote, { ...host, sni }) : snapshot;
}

async function planAnew(visit: Visit, options: RunOptions, say: Say): Promise<Known> {
  const { snapshot, facts, policy } = await readAtRest(visit, options, say);
  const { plan, open } = composePart(snapshot, policy, options.tasks);
  visit.open = open;
  visit.plan = { ...plan, notes: [...visit.notes, ...selfSignedNotes(facts, policy, options.trust), ...plan.notes] };
  return { plan: visit.plan, snapshot, facts, policy };
}

/** The same; what could be replaced is asked about, each choice by a question of its own, and it is planned again. */
async function planInDialogue(visit: Visit, options: RunOptions, say: Say): Promise<Known & { asked: boolean }> {
  const { consent } = options;
  let asked = false;
  const agrees = async (word: Replaceable, what: string): Promise<boolean> => {
    if (!consent || visit.consents.includes(word)) return false;
    asked = true;
    if (!(await consent(`${visit.name}: ${what}. Replace it?`))) return false;
    visit.consents = [...visit.consents, word];
    return true;
  };
  let found: Known;
  try {
    found = await planAnew(visit, options, say);
  } catch (error) {
    const word = error instanceof HardenMailError ? error.consent : undefined;
    if (word === undefined || !(await agrees(word, (error as HardenMailError).message))) throw error;
    found = await planAnew(visit, options, say);
  }
  if (isEmpty(found.plan)) return { ...found, asked };
  const before = visit.consents.length;
  const words = new Set<Replaceable>();
  for (const { consent: word, text } of found.plan.notes) {
    if (word === undefined || words.has(word)) continue;
    words.add(word);
    await agrees(word, text);
  }
  if (visit.consents.length > before) found = await planAnew(visit, options, say);
  return { ...found, asked };
}

/** A run that was cut short may have left a transaction in the middle: it comes to its end before anything is planned. */
async function readAtRest(visit: Visit, options: RunOptions, say: Say): ReturnType<typeof read> {
  const found = await read(visit, options, say);
  assertFree(found.facts, visit.name);
  const { unfinished } = found.facts;
  if (unfinished.length === 0) return found;
  if (options.dryRun) {
    visit.notes = unfinished.map((id) => endless(id, 'an apply finishes or undoes it first, so this plan may change'));
    return found;
  }
  say('heal');
  const receipts = await heal(linked(visit), unfinished);
  visit.notes = receipts.map(({ id, state }) => endless(id, state === 'committed' ? 'finished now' : 'undone now'));
  return read(visit, options, say);
}

function endless(id: string, what: string): Note {
  return { task: 'restart', level: 'warning', text: `transaction ${id} had not come to its end: ${what}` };
}
