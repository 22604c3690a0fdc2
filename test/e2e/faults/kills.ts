/**
 * `npm run test:kills -- --n 200`: SIGKILL of the controller, of its session or of the transaction, at a random moment of
 * an apply; then what must hold after anything. Prints each moment, so that one can be tried again with --at MILLISECONDS.
 * --hosts N of them side by side; default three.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lab } from '../../../src/lab/lab.ts';
import { start } from '../../support/cli.ts';
import { assertRerun, assertSound, prepare } from './cell.ts';
import type { Stage } from './cell.ts';
import { assertTruth } from './oracle.ts';
import { queueMail } from './mail.ts';
import { restore } from '../../support/faults/state.ts';

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '200' },
    at: { type: 'string' },
    hosts: { type: 'string', default: '3' },
  },
});
const VICTIMS = ['controller', 'session', 'transaction'] as const;

const can = await lab.available();
if (!can.ok) throw new Error(can.reason);
await lab.prepare();
const total = values.at === undefined ? Number(values.n) : VICTIMS.length;
let violations = 0;
let next = 0;
await Promise.all(Array.from({ length: Math.min(total, Number(values.hosts)) }, onOneHost));
console.log(`${total} kills, ${violations} violations`);
lab.close();
process.exit(violations === 0 ? 0 : 1);

async function onOneHost(): Promise<void> {
  const stage = await prepare();
  await restore(stage.host);
  const began = performance.now();
  await start(stage.args).done;
  const length = performance.now() - began;
  console.log(`an undisturbed apply of ${stage.host.name} takes ${Math.round(length)} ms`);
  for (let n = next++; n < total; n = next++) {
    const at = values.at === undefined ? Math.random() * length : Number(values.at);
    const victim = VICTIMS[n % VICTIMS.length]!;
    const what = `${n + 1}/${total}: SIGKILL of the ${victim} at ${Math.round(at)} ms`;
    try {
      console.log(`${what}: ${await kill(stage, victim, at, `k${n}`)}`);
    } catch (error) {
      violations++;
      console.log(`${what}: VIOLATION\n${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  await stage.host.stop();
}

async function kill(stage: Stage, victim: (typeof VICTIMS)[number], at: number, name: string): Promise<string> {
  const { host, args } = stage;
  await restore(host);
  await queueMail(host, stage.peer, name);
  const run = start(args);
  await sleep(at);
  if (victim === 'controller') run.signal('SIGKILL');
  if (victim === 'session') await host.exec("systemctl kill -s KILL 'session-*.scope'; pkill -KILL -f 'sshd: admin'");
  if (victim === 'transaction') await host.exec("systemctl kill -s KILL 'harden-mail-*.service'");
  const outcome = await run.done;
  await sleep(1000); // what the session had been told the host may only now begin
  const side = await assertSound(stage, name, false);
  assertTruth(outcome, side, { mayBreak: false });
  await assertRerun(stage);
  return `exit ${outcome.code}, ${side}`;
}
