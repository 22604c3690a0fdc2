/**
 * The corpus before the real postconf: what we read is what it reads, one edit of ours changes what was meant and nothing
 * else, a second time changes nothing, and what it refuses we refuse.
 */
import assert from 'node:assert/strict';
import { HardenMailError } from '../../src/model/errors.ts';
import { editMain, editMaster, type MainEdit, type MasterEdit } from '../support/formats/postfix-cases.ts';
import {
  FULL,
  isTurn,
  MAIN_CF,
  MANIFEST,
  MASTER_CF,
  ownSamples,
  shippedPostfix,
  stockPostfix,
  type Sample,
} from './corpus.ts';
import { RELEASES } from '../support/debs.ts';
import { MAIN, MASTER } from './edits.ts';
import { checkMain, checkMaster } from './postfix-check.ts';
import { agree, judge, type Files, type Verdict } from './postfix.ts';

for (const release of RELEASES) {
  describe(`oracle: the corpus, read by postconf of ${release}`, () => {
    for (const format of ['postfix-main', 'postfix-master'] as const) {
      const own = ownSamples(format, release).filter((_, index) => isTurn(index, release));

      it(`the packages ship each ${format} of the manifest`, async () => {
        const found = Object.keys(await shippedPostfix(release, format)).sort();
        assert.deepEqual(found, [...MANIFEST[release][format]].sort());
      });

      it(`postconf agrees with the reader, with each edit and with each refusal of ${format}`, async () => {
        const stock = await stockPostfix(release, format);
        const trials = [
          ...stock.flatMap((sample) => editsOf(sample).map((edit) => ({ sample, edit }))),
          ...own.flatMap((sample, index) => {
            const edits = sample.origin === 'refused' ? [] : editsOf(sample);
            const turn = (index + RELEASES.indexOf(release)) % edits.length;
            return (FULL ? edits : edits.slice(turn, turn + 1)).map((edit) => ({ sample, edit }));
          }),
        ].filter(({ sample, edit }) => !isConflict(sample, edit));
        const samples = [...stock, ...own];
        const before = await judge(release, samples.map(filesOf));
        samples.forEach((sample, index) => {
          const verdict = before[index];
          assert.ok(verdict);
          inContext(sample.name, () =>
            sample.origin === 'refused' ? refuse(sample, verdict) : agree(filesOf(sample), verdict),
          );
        });

        const edited = trials.map(({ sample, edit }) => twice(sample, edit));
        const after = await judge(release, edited, false);
        trials.forEach(({ sample, edit }, index) => {
          const [was, is] = [before[samples.indexOf(sample)], after[index]];
          assert.ok(was && is);
          inContext(`${sample.name}: ${JSON.stringify(edit)}`, () => check(edit, was, is));
        });
      });
    }
  });
}

const filesOf = ({ files }: Sample): Files => {
  const [main, master] = [files[MAIN_CF], files[MASTER_CF]];
  return { ...(main !== undefined && { main }), ...(master !== undefined && { master }) };
};

/** The edits that a file has a place for. */
function editsOf(sample: Sample): readonly (MainEdit | MasterEdit)[] {
  if (sample.format === 'postfix-main') return MAIN;
  const bytes = sample.files[MASTER_CF] ?? '';
  return MASTER.filter((edit) => {
    const service = 'add' in edit ? edit.add.split(' ', 2).join(' ') : edit.service;
    return new RegExp(`^${service.replace(' ', '[ \\t]+')}[ \\t]`, 'm').test(bytes) !== 'add' in edit;
  });
}

const isMain = (edit: MainEdit | MasterEdit): edit is MainEdit => !('service' in edit || 'add' in edit);

function apply({ main, master }: Files, edit: MainEdit | MasterEdit): Files {
  return isMain(edit) ? { main: editMain(main ?? '', [edit]) } : { master: editMaster(master ?? '', [edit]) };
}

function check(edit: MainEdit | MasterEdit, before: Verdict, after: Verdict): void {
  if (isMain(edit)) checkMain(edit, before, after);
  else checkMaster(edit, before, after);
}

function twice(sample: Sample, edit: MainEdit | MasterEdit): Files {
  return inContext(`${sample.name}: ${JSON.stringify(edit)}`, () => {
    const edited = apply(filesOf(sample), edit);
    assert.deepEqual(apply(edited, edit), edited, 'a second time changes nothing');
    return edited;
  });
}

/** Would the edit have to permit what the admin refuses? Then it is not made, and the plan says so. */
function isConflict(sample: Sample, edit: MainEdit | MasterEdit): boolean {
  try {
    apply(filesOf(sample), edit);
    return false;
  } catch (error) {
    return /stands before/.test(String(error));
  }
}

/** Both refuse it, at the same line: the daemon names the first line of a joined one. */
function refuse(sample: Sample, verdict: Verdict): void {
  assert.ok(!verdict.accepted, 'postconf takes it');
  const line = Number(/line (\d+)/.exec(verdict.stderr)?.[1] ?? 0);
  const edit = editsOf(sample)[0] ?? MASTER[0];
  assert.ok(edit);
  assert.throws(
    () => apply(filesOf(sample), edit),
    (error: unknown) => error instanceof HardenMailError && Number(/:(\d+):/.exec(error.message)?.[1]) >= line,
  );
}

/** An error says which file and which edit it was. */
function inContext<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(name, { cause: error });
  }
}
