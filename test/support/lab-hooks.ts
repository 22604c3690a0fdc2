/** Mocha root hooks of the host tests: no test starts before the lab is ready, and no host is there after them. */

import { lab } from '../../src/lab/lab.ts';
import { say } from '../../src/lab/programs.ts';

export const mochaHooks = {
  async beforeAll(this: Mocha.Context) {
    this.timeout(0); // an image that is not cached takes minutes
    const can = await lab.available();
    if (can.ok) return lab.prepare();
    if (isSet(process.env['CI'])) throw new Error(`the host tests must run in CI, but ${can.reason}`);
    say(`the host tests are not run: ${can.reason}`);
    this.skip();
  },
  /** After the last test of all; where files run side by side, after the last one of each. */
  async afterAll() {
    if (process.env['MOCHA_WORKER_ID'] === undefined) lab.close();
    else await lab.stopHosts();
  },
};

const isSet = (value: string | undefined): boolean => value !== undefined && !['', '0', 'false'].includes(value);
