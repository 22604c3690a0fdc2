/**
 * `npm run test:kills -- --n 200`: SIGKILL of the controller, of its session or of the transaction, at a random moment of
 * an apply; then what must hold after anything. Prints each moment, so that one can be tried again with --at MILLISECONDS.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lab } from '../../lab/lab.ts';
import { start } from '../cli.ts';
import { assertRerun, assertSound, prepare } from './cell.ts';
import type { Stage } from './cell.ts';
import { assertTruth } from './oracle.ts';
import { queueMail } from './mail.ts';
import { restore } from './state.ts';

const { values } = parseArgs({ options: { n: { type: 'string', default: '200' }, at: { type: 'string' } } });
const VICTIMS = ['controller', 'session', 'transaction'] as const;

const can = await lab.available();
if (!can.ok) throw new Error(can.reason);
await lab.prepare();
const stage = await prepare();
await restore(stage.host);
const began = performance.now();
await start(stage.args).done;
const length = performance.now() - began;
console.log(`an undisturbed apply takes ${Math.round(length)} ms`);

let violations = 0;
const total = values.at === undefined ? Number(values.n) : VICTIMS.length;
for (let n = 0; n < total; n++) {
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
console.log(`${total} kills, ${violations} violations`);
await stage.host.stop();
lab.close();
process.exit(violations === 0 ? 0 : 1);

async function kill(stage: Stage, victim: (typeof VICTIMS)[number], at: number, name: string): Promise<string> {
  const { host, args } = stage;
  await restore(host);
  await queueMail(host, name);
  const run = start(args);
  await sleep(at);
  if (victim === 'controller') run.signal('SIGKILL');
  if (victim === 'session') await host.exec("systemctl kill -s KILL 'session-*.scope'; pkill -KILL -f 'sshd: admin'");
  if (victim === 'transaction') await host.exec("systemctl kill -s KILL 'harden-mail-*.service'");
  const outcome = await run.done;
  const side = await assertSound(stage, name, false);
  assertTruth(outcome, side, { mayBreak: false });
  await assertRerun(stage);
  return `exit ${outcome.code}, ${side}`;
}
