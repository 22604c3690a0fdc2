/** One cell of the matrix: a run, held at a step, to which something happens; and what must hold afterwards. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../../../src/lab/lab.ts';
import type { LabHost } from '../../../src/lab/lab.ts';
import { hardenMail, issuedBy, start, to } from '../../support/cli.ts';
import { assertTidy } from '../../support/host.ts';
import type { Peer } from '../../support/talk.ts';
import { FAULTS, impossible, inflict } from '../../support/faults/faults.ts';
import type { Fault } from '../../support/faults/faults.ts';
import { arm, hold, installGates, STEPS } from '../../support/faults/gates.ts';
import type { Step } from '../../support/faults/gates.ts';
import { assertCanary, assertDelivered, installMailboxes, queueMail } from './mail.ts';
import { assertServing, assertTruth, assertWhole } from './oracle.ts';
import type { Side, Sides } from './oracle.ts';
import { atRest, restore, save, shapeOf } from '../../support/faults/state.ts';

export interface Cell {
  readonly step: Step;
  readonly fault: Fault;
}

export interface Stage {
  readonly host: LabHost;
  readonly args: readonly string[];
  readonly peer: Peer;
  readonly sides: Sides;
}

/** Seconds that the host waits for the controller's word. */
const DEADLINE = 6;

/** Every cell that can occur, by step and then by fault. */
export const CELLS: readonly Cell[] = STEPS.flatMap((step) =>
  FAULTS.filter((fault) => impossible(step, fault) === undefined).map((fault) => ({ step, fault })),
);

/** A host with mail, a certificate, and somebody who may use sudo; and what an undisturbed run makes of it. */
export async function prepare(): Promise<Stage> {
  const host = await lab.host({
    release: 'bookworm',
    mail: true,
    users: [{ name: 'admin', sudo: 'passwordless' }],
    disk: '160M',
  });
  const acme = await lab.acme();
  const args = ['apply', '--yes', '--no-diff', '--confirm-timeout', `${DEADLINE}`];
  args.push('--connect-timeout', '5', ...to(host, 'admin'), ...(await issuedBy(acme)));
  await host.run(
    `certbot certonly -n -q --agree-tos --register-unsafely-without-email --standalone -d ${host.name} --server ${acme.directory}`,
  );
  await installMailboxes(host);
  await save(host);
  const before = await shapeOf(host);
  const { code, stdout } = await hardenMail(args);
  assert.equal(code, 0, stdout);
  const after = await shapeOf(host);
  await installGates(host);
  const peer = { address: host.address, port: 25, name: host.name, root: await acme.root() };
  return { host, args, peer, sides: { before, after } };
}

export async function play(stage: Stage, { step, fault }: Cell, number: number): Promise<void> {
  const { host, args } = stage;
  const name = `c${number}`;
  await restore(host);
  await queueMail(host, stage.peer, name);

  await arm(host, step);
  const run = start(args);
  const held = await hold(host, step, run);
  const { lift, other } = await inflict[fault]({ host, run, step, args });
  await held.release();
  // A fault that lasts, lasts until the run has given up, and not for ever.
  const ended = await Promise.race([run.done, sleep(25_000, null)]);
  await lift?.();
  const outcome = ended ?? (await run.done);

  const edited = fault === 'a foreign edit';
  const side = await assertSound(stage, name, edited);
  // Where the other one did it, the first has nothing to do with how the files are now.
  if (other?.code !== 0 || outcome.code === 0) assertTruth(outcome, side, { mayBreak: edited || lift !== undefined });
  if (other) assert.ok(other.code === 0 || outcome.code === 0, `both failed: ${other.stdout}\n${outcome.stdout}`);
  await assertRerun(stage);
}

/** Whole, serving, tidy, and no mail lost, within the deadline and 30 s; tells which of the two it is. */
export async function assertSound({ host, peer, sides }: Stage, name: string, edited: boolean): Promise<Side> {
  await atRest(host, DEADLINE + 30);
  const side = await assertWhole(host, sides, edited);
  await assertServing(host, peer, side);
  await assertTidy(host);
  await assertCanary(host, peer, name);
  await assertDelivered(host, name);
  return side;
}

/** The next run brings it to the end, and the one after it has nothing to do. */
export async function assertRerun({ host, args, sides }: Stage): Promise<void> {
  const again = await hardenMail(args);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  assert.equal(await assertWhole(host, sides, false), 'AFTER');
  if (again.stdout.includes('ok: nothing to do')) return;
  const idle = await hardenMail(args);
  assert.match(idle.stdout, /ok: nothing to do/);
  assert.equal(idle.code, 0);
}
