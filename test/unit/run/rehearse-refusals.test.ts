/** A host of which there is no copy is refused before its files are captured: they may have secrets, and nobody would use them. */
import assert from 'node:assert/strict';
import { ENGINE } from '../../../src/lab/requirements.ts';
import type { Facts, Host } from '../../../src/model/index.ts';
import { memoryRemote } from '../../../src/remote/memory.ts';
import { flow } from '../../../src/run/commands/rehearse.ts';
import type { RunOptions } from '../../../src/run/step.ts';
import { fakeWorld, HOSTS, io, optionsFor } from './world.ts';

const SPARE: Host = { name: 'spare', hostname: '192.0.2.7' };
const FIT = ['kernel Linux', 'system debian', 'namespaces yes', 'node', 'program 1.2.3', 'machine abc', ...ENGINE.map((name) => `installed ${name}`)].join('\n'); // oxfmt-ignore
const OWN_ID = 'machine def';

/** Rehearses a host with these facts on a spare machine; gives its ending, and everything that was asked of the host. */
async function rehearse(changed: Partial<Facts>, more: Partial<RunOptions> = {}, id = OWN_ID) {
  const fake = fakeWorld([{ name: 'mx1' }]);
  const { connect, gather } = fake.world;
  const asked: string[] = [];
  const world: RunOptions['world'] = {
    ...fake.world,
    async connect(host, options) {
      if (host.name === 'spare') return memoryRemote({ name: 'spare', run: () => ({ stdout: FIT }) });
      const remote = await connect(host, options);
      return {
        ...remote,
        async run(script, given) {
          asked.push(given.name);
          const answer = await remote.run(script, given);
          return given.name === 'machine' ? { ...answer, stdout: Buffer.from(id) } : answer;
        },
      };
    },
    async gather(...from) {
      asked.push('gather');
      const snapshot = await gather(...from);
      return { ...snapshot, facts: { ...snapshot.facts, ...changed } };
    },
  };
  const [result] = await flow(HOSTS('mx1'), { ...optionsFor(fake), world, on: SPARE, ...more }, io());
  return { ending: result!.ending, asked };
}

const ubuntu = (codename: string): Partial<Facts> => ({ os: { id: 'ubuntu', codename, versionId: '', pretty: `Ubuntu ${codename}` } }); // oxfmt-ignore

describe('rehearse: a refused host', () => {
  for (const [title, says, changed, more] of [
    ['a daemon that listens on an address of an interface', /^Postfix listens on \[fe80::1\]%eth0/, { listeners: [{ address: '[fe80::1]%eth0', port: 25, process: 'master' }] }, {}], // oxfmt-ignore
    ['a release without an image', /^there is no image to copy Ubuntu focal from/, ubuntu('focal'), {}],
    ['an upgrade that would not change the copy', /^the copies of Ubuntu 22\.04 and Ubuntu 24\.04 have the same packages/, ubuntu('jammy'), { upgradeTo: 'noble' }], // oxfmt-ignore
    ['an upgrade by two releases', /Debian upgrades one release at a time/, {}, { upgradeTo: 'forky' }],
  ] as const)
    // oxfmt-ignore
    it(`${title} is refused before the files are captured`, async () => {
      const { ending, asked } = await rehearse(changed, more);
      assert.equal(ending.kind, 'failed');
      assert.match(ending.kind === 'failed' ? ending.message : '', says);
      assert.deepEqual(asked, ['gather', 'machine']);
    });

  it('the spare machine itself is refused before the files are captured', async () => {
    const { ending, asked } = await rehearse({}, {}, 'abc');
    assert.match(ending.kind === 'failed' ? ending.message : '', /^spare is mx1 itself/);
    assert.deepEqual(asked, ['gather', 'machine']);
  });

  it('the files of a host that is not refused are captured', async () => {
    const { asked } = await rehearse({});
    assert.ok(asked.includes('capture'), asked.join(' '));
  });
});
