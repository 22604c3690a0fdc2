import assert from 'node:assert/strict';
import { flow as apply } from '../../../src/run/commands/apply.ts';
import type { HostResult } from '../../../src/model/index.ts';
import { interruptBy } from '../../../src/run/interrupt.ts';
import type { World } from '../../../src/run/step.ts';
import { BROKEN, fakeWorld, HOSTS, io, optionsFor } from './world.ts';

const endings = (results: readonly HostResult[]): string[] =>
  results.map(({ host, ending }) => `${host} ${ending.kind === 'failed' ? ending.code : ending.kind}`);

/** What was done on one host, without the host's name. */
const doneOn = (log: readonly string[], name: string): string[] =>
  log.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));

describe('run: apply', () => {
  it('a daemon that is slow to load its files is probed in full at first and at last, and without logins in between', async () => {
    const fake = fakeWorld([{ name: 'mx1' }]);
    const looks: string[] = [];
    const probe: World['probe'] = async (_remote, _snapshot, _policy, _options, how) => {
      looks.push(how);
      return looks.length < 4 ? [BROKEN] : [{ ...BROKEN, status: 'pass' }];
    };
    const options = optionsFor({ ...fake, world: { ...fake.world, probe } });
    assert.deepEqual(endings(await apply(HOSTS('mx1'), options, io())), ['mx1 changed']);
    assert.deepEqual(looks, ['full', 'quiet', 'quiet', 'quiet', 'full']);
  });

  it('apply connects, reads, commits, probes and confirms over a second connection, in this order', async () => {
    const fake = fakeWorld([{ name: 'mx1' }]);
    const results = await apply(HOSTS('mx1'), optionsFor(fake), io());
    assert.deepEqual(endings(results), ['mx1 changed']);
    assert.deepEqual(fake.log, ['mx1 connect', 'mx1 gather', 'mx1 commit', 'mx1 connect', 'mx1 probe', 'mx1 confirm']);
    assert.equal(fake.open(), 0);
  });

  it('apply writes nothing after a no, and nothing in a dry run', async () => {
    for (const [over, answer, ending] of [
      [{ yes: false }, false, 'declined'],
      [{ dryRun: true }, true, 'pending'],
    ] as const) {
      const fake = fakeWorld([{ name: 'mx1' }]);
      const results = await apply(
        HOSTS('mx1'),
        optionsFor(fake, over),
        io(() => answer),
      );
      assert.deepEqual(endings(results), [`mx1 ${ending}`]);
      assert.ok(!fake.log.includes('mx1 commit'));
      assert.equal(fake.open(), 0);
    }
  });

  it('apply --prepare-upgrade takes the next release only, and writes nothing for another one', async () => {
    const fake = fakeWorld([{ name: 'mx1' }]);
    const prepared = await apply(HOSTS('mx1'), optionsFor(fake, { prepareUpgrade: 'trixie' }), io());
    assert.deepEqual(endings(prepared), ['mx1 changed']);
    const main = prepared[0]?.plan?.changes.find(({ path }) => path === '/etc/postfix/main.cf');
    assert.match(main?.after ?? '', /\nsoft_bounce = yes\n$/);
    const other = fakeWorld([{ name: 'mx1' }]);
    const refused = await apply(HOSTS('mx1'), optionsFor(other, { prepareUpgrade: 'forky' }), io());
    assert.deepEqual(endings(refused), ['mx1 USAGE']);
    assert.ok(!other.log.includes('mx1 commit'));
  });

  it('apply undoes the change when a check fails that passed before', async () => {
    const fake = fakeWorld([{ name: 'mx1', after: [BROKEN] }]);
    const results = await apply(HOSTS('mx1'), optionsFor(fake), io());
    assert.deepEqual(endings(results), ['mx1 ROLLED_BACK']);
    assert.equal(fake.log.at(-1), 'mx1 undo');
  });

  it('apply reconnects and asks again when the connection drops during the confirmation', async () => {
    const fake = fakeWorld([{ name: 'mx1', fails: { confirm: ['CONNECTION_LOST'] } }]);
    const results = await apply(HOSTS('mx1'), optionsFor(fake), io());
    assert.deepEqual(endings(results), ['mx1 changed']);
    assert.deepEqual(fake.log.slice(-3), ['mx1 confirm', 'mx1 connect', 'mx1 confirm']);
  });

  it('apply reports an unknown outcome when the host cannot be reached again for the confirmation', async () => {
    const lost = ['CONNECTION_LOST', 'CONNECTION_LOST'] as const;
    const fake = fakeWorld([{ name: 'mx1', fails: { confirm: [...lost] } }]);
    const [result] = await apply(HOSTS('mx1'), optionsFor(fake), io());
    assert.ok(result?.ending.kind === 'failed');
    assert.match(result.ending.message, /it is not known whether the confirmation reached the host/);
    assert.equal(result.exit, 4);
  });

  it('apply says that the host undoes the change by itself when the connection drops before the confirmation', async () => {
    const fake = fakeWorld([{ name: 'mx1', fails: { connect: [null, 'CONNECTION_LOST'] } }]);
    const [result] = await apply(HOSTS('mx1'), optionsFor(fake), io());
    assert.ok(result?.ending.kind === 'failed');
    assert.match(result.ending.hint, /puts everything back within 60 s/);
    assert.ok(!fake.log.includes('mx1 confirm'));
  });

  it('apply asks again when the installation of packages changes the plan', async () => {
    const fake = fakeWorld([{ name: 'mx1', bare: true }]);
    let asked = 0;
    const results = await apply(
      HOSTS('mx1'),
      optionsFor(fake, { yes: false }),
      io(() => ++asked > 0),
    );
    assert.deepEqual(endings(results), ['mx1 changed']);
    assert.equal(asked, 2);
    assert.deepEqual(doneOn(fake.log, 'mx1').slice(0, 4), ['connect', 'gather', 'install', 'gather']);
  });

  it('apply closes the connection that it has begun when a step before the login fails', async () => {
    const fake = fakeWorld([{ name: 'mx1' }]);
    const beginProbe = (): never => {
      throw new Error('no probe');
    };
    const results = await apply(HOSTS('mx1'), optionsFor({ ...fake, world: { ...fake.world, beginProbe } }), io());
    assert.deepEqual(endings(results), ['mx1 BUG']);
    assert.deepEqual(fake.log, ['mx1 connect']);
    assert.equal(fake.open(), 0);
  });

  it('a dry run begins to look at the ports while it reads, and abandons that where it finds changes', async () => {
    const fake = fakeWorld([{ name: 'mx1' }]);
    const told: string[] = [];
    const beginProbe = () => {
      told.push('begun');
      return { conclude: async () => [], abandon: () => void told.push('abandoned') };
    };
    const options = optionsFor({ ...fake, world: { ...fake.world, beginProbe } }, { dryRun: true });
    assert.deepEqual(endings(await apply(HOSTS('mx1'), options, io())), ['mx1 pending']);
    assert.deepEqual(told, ['begun', 'abandoned']);
  });

  it('an interrupt ends a run whose probe waits for a port that says nothing', async () => {
    const fake = fakeWorld([{ name: 'mx1' }]);
    const beginProbe = () => ({ conclude: () => new Promise<never>(() => {}), abandon: () => {} });
    const user = new AbortController();
    const options = optionsFor({ ...fake, world: { ...fake.world, beginProbe } }, {}, user);
    let since = 0;
    setTimeout(() => {
      since = performance.now();
      user.abort();
    }, 2000);
    assert.deepEqual(endings(await apply(HOSTS('mx1'), options, io())), ['mx1 INTERRUPTED']);
    assert.ok(performance.now() - since < 2000);
    assert.equal(fake.open(), 0);
  });

  it('apply installs packages and writes nothing else when the second question is answered no', async () => {
    const fake = fakeWorld([{ name: 'mx1', bare: true }]);
    const answers = [true, false];
    const results = await apply(
      HOSTS('mx1'),
      optionsFor(fake, { yes: false }),
      io(() => answers.shift() ?? false),
    );
    assert.deepEqual(endings(results), ['mx1 declined']);
    assert.ok(!fake.log.includes('mx1 commit'));
  });
});

describe('run: apply to many hosts', () => {
  const names = Array.from({ length: 20 }, (_, at) => `mx${at + 1}`);

  it('the failure of one dead host among twenty stays with that host', async () => {
    const fake = fakeWorld(
      names.map((name) => (name === 'mx7' ? { name, fails: { connect: ['CONNECTION_TIMEOUT'] } } : { name })),
    );
    const results = await apply(HOSTS(...names), optionsFor(fake, { forks: 5 }), io());
    assert.deepEqual(
      endings(results),
      names.map((name) => `${name} ${name === 'mx7' ? 'CONNECTION_TIMEOUT' : 'changed'}`),
    );
    assert.equal(fake.open(), 0);
  });

  it('--serial 2 stops after a batch with a failure, and leaves the remaining hosts as they are', async () => {
    const fake = fakeWorld(
      names.map((name) => (name === 'mx3' ? { name, fails: { commit: ['REMOTE_FAILED'] } } : { name })),
    );
    const serial = { amount: 2, percent: false };
    const results = await apply(HOSTS(...names), optionsFor(fake, { serial }), io());
    const expected = ['changed', 'changed', 'REMOTE_FAILED', 'changed', ...Array<string>(16).fill('STOPPED')];
    assert.deepEqual(
      endings(results),
      names.map((name, at) => `${name} ${expected[at]}`),
    );
    assert.equal(fake.log.filter((line) => line.endsWith(' commit')).length, 4);
    assert.equal(fake.open(), 0);
  });

  it('--serial 2 --max-fail 1 continues after one failure and stops after two', async () => {
    const bad = ['mx3', 'mx6'];
    const fake = fakeWorld(
      names.map((name) => (bad.includes(name) ? { name, fails: { commit: ['REMOTE_FAILED'] } } : { name })),
    );
    const serial = { amount: 2, percent: false };
    const results = await apply(HOSTS(...names), optionsFor(fake, { serial, maxFail: 1 }), io());
    assert.equal(endings(results).filter((one) => one.endsWith('STOPPED')).length, 14);
  });

  it('--serial 25% works on five of twenty hosts at a time', async () => {
    const fake = fakeWorld(names.map((name) => ({ name, ...(name === 'mx2' && { fails: { commit: ['REMOTE_FAILED' as const] } }) }))); // oxfmt-ignore
    const serial = { amount: 25, percent: true };
    const results = await apply(HOSTS(...names), optionsFor(fake, { serial }), io());
    assert.equal(endings(results).filter((one) => one.endsWith('STOPPED')).length, 15);
  });
});

describe('run: Ctrl-C', () => {
  /** A run that is interrupted when this is about to happen. */
  async function interruptedAt(event: string): Promise<{ log: string[]; told: string[]; open: number }> {
    const names = ['mx1', 'mx2', 'mx3'];
    const fake = fakeWorld(names.map((name) => ({ name, ...(event.includes('install') && { bare: true as const }) })));
    const user = new AbortController();
    fake.onEvent = (what) => what === event && user.abort();
    const results = await apply(
      HOSTS(...names),
      optionsFor(fake, { serial: { amount: 1, percent: false } }, user),
      io(),
    );
    return { log: fake.log, told: endings(results), open: fake.open() };
  }

  it('an interruption while hosts are read starts no further host and writes nothing', async () => {
    for (const event of ['mx1 connect', 'mx1 gather', 'mx2 gather']) {
      const { log, told, open } = await interruptedAt(event);
      assert.ok(!log.some((line) => / (install|commit)$/.test(line)), event);
      assert.ok(told.includes('mx3 INTERRUPTED'), event);
      assert.equal(open, 0);
    }
  });

  it('an interruption while a host installs lets that host finish its step and commits on no host', async () => {
    const { log, told } = await interruptedAt('mx1 install');
    assert.ok(log.includes('mx1 gather'));
    assert.ok(!log.some((line) => line.endsWith(' commit')));
    assert.deepEqual(told.slice(1), ['mx2 INTERRUPTED', 'mx3 INTERRUPTED']);
  });

  it('Ctrl-C during a change says that the change comes to its end, and Ctrl-C before it does not', () => {
    for (const [held, said] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const user = new AbortController();
      let count = 0;
      const interrupt = interruptBy(user.signal, () => (count += 1));
      if (held) interrupt.hold();
      user.abort();
      assert.deepEqual([count, interrupt.cut.aborted], [said, !held]);
    }
  });

  it('an interruption during a transaction lets that host confirm and starts no other', async () => {
    for (const event of ['mx1 commit', 'mx1 probe', 'mx1 confirm']) {
      const { log, told, open } = await interruptedAt(event);
      assert.ok(log.includes('mx1 confirm'), event);
      assert.ok(!log.includes('mx2 commit'), event);
      assert.equal(told[0], 'mx1 changed');
      assert.equal(open, 0);
    }
  });

  it('a lost terminal at the question ends every host with the reason', async () => {
    const fake = fakeWorld([{ name: 'mx1' }, { name: 'mx2' }]);
    const results = await apply(
      HOSTS('mx1', 'mx2'),
      optionsFor(fake, { yes: false }),
      io(() => {
        throw new Error('the terminal is gone');
      }),
    );
    assert.deepEqual(endings(results), ['mx1 BUG', 'mx2 BUG']);
    assert.ok(!fake.log.includes('mx1 commit'));
    assert.equal(fake.open(), 0);
  });
});

describe('run: an exception that nobody expected', () => {
  const BUG = new TypeError('a bug');
  const hosts = ['mx1', 'mx2'];
  const worldWith = () => fakeWorld(hosts.map((name) => ({ name })));

  it('at any stage of one host it ends that host alone, and every connection is closed', async () => {
    const whole = worldWith();
    await apply(HOSTS(...hosts), optionsFor(whole), io());
    const stages = doneOn(whole.log, 'mx1');
    assert.ok(stages.length > 5);
    for (const place of stages.keys()) {
      const fake = worldWith();
      let reached = 0;
      fake.onEvent = (event) => {
        if (event.startsWith('mx1 ') && reached++ === place) throw BUG;
      };
      const results = await apply(HOSTS(...hosts), optionsFor(fake, { maxFail: 1 }), io());
      assert.equal(results[0]?.ending.kind, 'failed', stages[place]);
      assert.equal(results[1]?.ending.kind, 'changed', stages[place]);
      assert.equal(fake.open(), 0, stages[place]);
    }
  });

  it('while plans are shown it ends the run, and every connection is closed', async () => {
    for (const broken of [{ alike: () => Promise.reject(BUG) }, { show: () => Promise.reject(BUG) }]) {
      const fake = worldWith();
      await assert.rejects(apply(HOSTS(...hosts), optionsFor(fake, { yes: false }), { ...io(), ...broken }), BUG);
      assert.equal(fake.open(), 0);
      assert.ok(!fake.log.includes('mx1 commit'));
    }
  });
});
