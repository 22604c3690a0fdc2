import { CELLS, play, prepare } from './cell.ts';
import type { Stage } from './cell.ts';
import { FAULTS } from '../../support/faults/faults.ts';
import { STEPS } from '../../support/faults/gates.ts';

/**
 * A share of the matrix (see cell.ts), on a host of its own, so that shares run side by side. HARDEN_MAIL_CELLS=all takes
 * every cell, =TEXT,TEXT those whose name holds one; else a sample with each step and each fault, on three hosts.
 */
export function share(mine: number, of: number): void {
  const wish = process.env['HARDEN_MAIL_CELLS'];
  const wanted = CELLS.map((cell, number) => ({ ...cell, number })).filter(({ step, fault }) => {
    if (wish === 'all') return true;
    if (wish !== undefined) return wish.split(',').some((part) => `${step} × ${fault}`.includes(part));
    return SAMPLE.has(`${step} × ${fault}`);
  });
  const hosts = wish === undefined ? 3 : of;
  describe(`a run with a fault at one of its steps (share ${mine} of ${hosts})`, () => {
    let stage: Stage | undefined;
    before(async function () {
      this.timeout(120_000);
      stage = await prepare();
    });
    after(() => stage?.host.stop());
    for (const cell of wanted.filter((_, index) => index % hosts === mine - 1)) {
      it(`all changes or none are live, no mail is lost, and the next run completes: ${cell.step} × ${cell.fault}`, () =>
        play(stage!, cell, cell.number));
    }
  });
}

/** A diagonal: each step and each fault. */
const SAMPLE = new Set(STEPS.map((step, n) => cell(step, n)));

function cell(step: string, fault: number): string {
  return `${step} × ${FAULTS[fault % FAULTS.length]}`;
}
