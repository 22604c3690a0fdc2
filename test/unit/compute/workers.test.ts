/** The work on hosts' files in workers: the same results as in the main thread, within limits, and no host holds up another. */
import assert from 'node:assert/strict';
import { cpuUsage } from 'node:process';
import { atFirstHere } from '../../../src/compute/at-first-here.ts';
import { inThisThread, type Compute } from '../../../src/compute/compute.ts';
import { workerPool } from '../../../src/compute/workers.ts';
import { TornError } from '../../../src/gather/parse-snapshot.ts';
import { TASKS, type Snapshot } from '../../../src/model/index.ts';
import { gatherOutput } from '../../support/gather-output.ts';
import { workerProgram } from '../../support/worker-program.ts';
import { cases } from '../../support/plan/cases.ts';

const CASES = cases();
const { snapshot: STOCK, policy: POLICY } = CASES.find(({ title }) => title === 'recipe/stock-debian-12')!;
const DOVECOT = '/etc/dovecot/dovecot.conf';

/** The map of these files takes several seconds and hundreds of megabytes. No host may have so large files. */
const HEAVY: Snapshot = withDovecot('service a {\n inet_listener b {\n  port = 1\n }\n}\n'.repeat(600_000));

function withDovecot(more: string): Snapshot {
  const file = STOCK.files[DOVECOT]!;
  return { ...STOCK, files: { ...STOCK.files, [DOVECOT]: { ...file, bytes: file.bytes + more } } };
}

/** What a job ends with: its result, or the members of its error. */
async function outcome(result: Promise<unknown>): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    const { name, code, message, hint, exit, excerpt, consent } = error as Record<string, unknown>;
    return { name, code, message, hint, exit, excerpt, consent };
  }
}

describe('compute: workers', function () {
  this.timeout(120_000);
  const never = new AbortController().signal;
  let program: URL;
  let usual: Compute;
  let remove: () => void;
  before(async () => {
    ({ url: program, remove } = await workerProgram());
    usual = workerPool({ program, width: 2, cut: never });
  });
  after(() => remove());

  it('a worker gives the same policy, plan, map and expectations as the main thread, and the same errors', async () => {
    for (const { title, snapshot, policy } of CASES.filter((_, at) => at % 20 === 0)) {
      const host = { name: 'mx1', hostname: 'mx1.example.test' };
      const all = (compute: Compute) =>
        Promise.all([
          outcome(compute('mx1', 'policy', host, snapshot)),
          outcome(compute('mx1', 'plan', snapshot, policy, TASKS, [])),
          outcome(compute('mx1', 'map', snapshot)),
          outcome(compute('mx1', 'expectations', snapshot, policy, 'full', '192.0.2.1')),
          outcome(compute('mx1', 'names', snapshot)),
        ]);
      assert.deepEqual(await all(usual), await all(inThisThread), title);
    }
  });

  it('a worker reads the output of a host, and an incomplete output is still an error that is tried again', async () => {
    const output = gatherOutput({ '/etc/postfix/main.cf': 'myhostname = mx1.example.test\n' });
    assert.deepEqual(await usual('mx1', 'read', output), await inThisThread('mx1', 'read', output));
    await assert.rejects(usual('mx1', 'read', output.subarray(0, 100)), TornError);
  });

  it('a host that needs too much memory fails alone', async () => {
    const compute = workerPool({ program, width: 2, cut: never, limits: { seconds: 60, megabytes: 64 } });
    const bad = compute('bad', 'map', HEAVY);
    const good = compute('good', 'map', STOCK);
    await assert.rejects(bad, { code: 'LIMIT_EXCEEDED', exit: 1, message: /^bad: .*more than 64 MB of memory$/ });
    assert.deepEqual(await good, await inThisThread('good', 'map', STOCK));
    assert.deepEqual(await compute('good', 'map', STOCK), await good);
  });

  it('a host that needs too much time fails alone, and holds up no other although there is one processor', async () => {
    const compute = workerPool({ program, width: 1, cut: never, limits: { seconds: 2, megabytes: 4000 } });
    const ended: string[] = [];
    const bad = compute('bad', 'map', HEAVY).finally(() => ended.push('bad'));
    const good = compute('good', 'map', STOCK).finally(() => ended.push('good'));
    await assert.rejects(bad, { code: 'LIMIT_EXCEEDED', message: /^bad: .*more than 2 s$/ });
    await good;
    assert.deepEqual(ended, ['good', 'bad']);
  });

  it('an interrupt ends the work that goes on and the work that waits, at once', async () => {
    const cut = new AbortController();
    const compute = workerPool({ program, width: 1, cut: cut.signal });
    const all = [compute('a', 'map', HEAVY), compute('b', 'map', HEAVY)];
    setTimeout(() => cut.abort(), 200);
    const began = performance.now();
    for (const one of all) await assert.rejects(one, { code: 'INTERRUPTED' });
    assert.ok(performance.now() - began < 3000);
    await assert.rejects(compute('c', 'map', STOCK), { code: 'INTERRUPTED' });
  });
});

describe('compute: at first in the main thread', function () {
  this.timeout(60_000);

  const LONG = () => 60_000;
  const SECOND = () => 1000;

  /** Notes the jobs that come here. */
  function elsewhere(): { readonly compute: Compute; readonly jobs: string[] } {
    const jobs: string[] = [];
    const compute: Compute = (_host, job, ..._args) => {
      jobs.push(job);
      return Promise.reject(new Error('elsewhere'));
    };
    return { compute, jobs };
  }

  it('the usual host is planned in the main thread, and its errors are those of the plan', async () => {
    const { compute, jobs } = elsewhere();
    const here = atFirstHere(compute, LONG); // a loaded machine is slow
    assert.deepEqual(
      await here('mx1', 'plan', STOCK, POLICY, TASKS, []),
      await inThisThread('mx1', 'plan', STOCK, POLICY, TASKS, []),
    );
    await assert.rejects(here('mx1', 'map', withDovecot('}\n')), { code: 'CONFIG_INVALID', excerpt: /\^/ });
    assert.deepEqual(jobs, []);
  });

  it('work that takes long leaves the main thread, and all later work of this host too', async () => {
    const { compute, jobs } = elsewhere();
    const here = atFirstHere(compute, SECOND);
    await assert.rejects(here('mx1', 'map', HEAVY), /elsewhere/);
    await assert.rejects(here('mx1', 'names', STOCK), /elsewhere/);
    assert.deepEqual(await here('mx2', 'names', STOCK), await inThisThread('mx2', 'names', STOCK));
    assert.deepEqual(jobs, ['map', 'names']);
  });

  it('a hostile host holds up the main thread for a moment, and for longer until a job of its kind has come to its end', async () => {
    const { compute } = elsewhere();
    const here = atFirstHere(compute, (_job, isCompiled) => (isCompiled ? 1 : 1000));
    const took = async (host: string): Promise<{ readonly wall: number; readonly cpu: number }> => {
      const [wall, cpu] = [performance.now(), cpuUsage()];
      await assert.rejects(here(host, 'map', HEAVY), /elsewhere/);
      return { wall: performance.now() - wall, cpu: cpuUsage(cpu).user / 1000 };
    };
    assert.ok((await took('a')).wall >= 1000);
    await here('good', 'map', STOCK);
    assert.ok((await took('b')).cpu < 500); // on a loaded machine the job runs again, for longer
  });

  it('after three hosts in a row whose jobs take long, such a job goes to a worker at once', async () => {
    const { compute } = elsewhere();
    const here = atFirstHere(compute, () => 100);
    for (const host of ['a', 'b', 'c']) await assert.rejects(here(host, 'map', HEAVY), /elsewhere/);
    const began = cpuUsage();
    await assert.rejects(here('d', 'map', HEAVY), /elsewhere/);
    assert.ok(cpuUsage(began).user < 60_000); // an attempt takes 100_000
    assert.deepEqual(await here('d', 'names', STOCK), await inThisThread('d', 'names', STOCK));
  });

  it('a host that sends more than a usual one is not read in the main thread', async () => {
    const { compute, jobs } = elsewhere();
    await assert.rejects(atFirstHere(compute, SECOND)('mx1', 'read', Buffer.alloc(2 << 20)), /elsewhere/);
    assert.deepEqual(jobs, ['read']);
  });
});
