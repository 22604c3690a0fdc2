import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mainFile, masterFile } from '../unit/formats/postfix-arbitraries.ts';
import { casesOf } from '../unit/formats/postfix-cases.ts';
import type { MainEdit, MasterEdit } from '../unit/formats/postfix-cases.ts';
import { RELEASES } from './debs.ts';
import { isComparable, judge } from './postfix.ts';
import type { Files, Verdict } from './postfix.ts';
import { mainView, optionView, serviceView } from './postfix-view.ts';

/** How many generated files of each format are tried on each release: each takes some 50 ms. */
const RUNS = Number(process.env['HARDEN_MAIL_ORACLE_RUNS'] ?? 10);

/** Our view is the real one. Parameters that nothing uses are not shown by postconf but warned of. */
function agree({ main, master }: Files, verdict: Verdict): void {
  assert.ok(verdict.accepted, verdict.stderr);
  if (main !== undefined) {
    const ours = mainView(main);
    for (const name of ours.keys()) {
      const unused = verdict.stderr.includes(`unused parameter: ${name.replace(/[^ -~]/g, '?')}=`);
      if (!verdict.main.has(name) && unused) ours.delete(name);
    }
    assert.deepEqual([...ours].sort(), [...verdict.main].sort());
  }
  if (master !== undefined) {
    assert.deepEqual(serviceView(master), verdict.services);
    assert.deepEqual(optionView(master), verdict.options);
  }
}

/** Throws with the file in the message. */
async function agreeAll(release: (typeof RELEASES)[number], files: readonly Files[]): Promise<void> {
  const verdicts = await judge(release, files);
  files.forEach((one, index) => {
    const verdict = verdicts[index];
    assert.ok(verdict);
    try {
      agree(one, verdict);
    } catch (error) {
      throw new Error(`${release}: ${JSON.stringify(one)}`, { cause: error });
    }
  });
}

for (const release of RELEASES) {
  describe(`oracle: postconf of ${release}`, () => {
    const main = casesOf<MainEdit>('postfix-main');
    const master = casesOf<MasterEdit>('postfix-master');

    it('sees in the awkward files what we see', async () => {
      const good = [
        ...main
          .filter((one) => one.refused === null)
          .flatMap(({ before, after }) => [{ main: before }, { main: after ?? '' }]),
        ...master
          .filter(({ refused, before }) => refused === null && isComparable(before))
          .flatMap(({ before, after }) => [{ master: before }, { master: after ?? '' }]),
      ];
      await agreeAll(release, good);
    });

    it('sees in generated files what we see', async () => {
      const mains = fc.sample(mainFile, RUNS).map((bytes) => ({ main: bytes }));
      const masters = fc.sample(masterFile.filter(isComparable), RUNS).map((bytes) => ({ master: bytes }));
      await agreeAll(release, [...mains, ...masters]);
    });
  });
}
