/** The hand-made cases and generated files before the real postconf: it reads what we read, before and after an edit. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  mainFile,
  masterFile,
  NAMES,
  OPTIONS,
  optionValues,
  SERVICES,
  value,
} from '../support/formats/postfix-arbitraries.ts';
import { casesOf, editMain, editMaster } from '../support/formats/postfix-cases.ts';
import type { MainEdit, MasterEdit } from '../support/formats/postfix-cases.ts';
import { RELEASES } from '../support/debs.ts';
import type { Release } from '../support/debs.ts';
import { checkMain, checkMaster } from './postfix-check.ts';
import { agree, isComparable, judge } from './postfix.ts';
import type { Verdict } from './postfix.ts';

/** How many generated files of each format are tried on each release: each takes some 200 ms. */
const RUNS = Number(process.env['HARDEN_MAIL_ORACLE_RUNS'] ?? 10);

interface Trial<E> {
  readonly bytes: string;
  readonly edit: E;
}

interface Kind<E> {
  readonly format: 'main' | 'master';
  readonly apply: (bytes: string, edits: readonly E[]) => string;
  readonly check: (edit: E, before: Verdict, after: Verdict) => void;
}

const MAIN: Kind<MainEdit> = { format: 'main', apply: editMain, check: checkMain };
const MASTER: Kind<MasterEdit> = { format: 'master', apply: editMaster, check: checkMaster };

for (const release of RELEASES) {
  describe(`oracle: postconf of ${release}`, () => {
    it('postconf agrees with the reader on the main.cf cases, before and after each edit', async () => {
      await tryCases(release, MAIN, trialsOf<MainEdit>('postfix-main'));
    });

    it('postconf agrees with the reader on the master.cf cases, before and after each edit', async () => {
      const comparable = ({ bytes }: Trial<MasterEdit>) => isComparable(bytes);
      await tryCases(release, MASTER, trialsOf<MasterEdit>('postfix-master').filter(comparable));
    });

    it('postconf agrees with the reader on generated files, before and after an edit', async () => {
      const mainEdit = fc.oneof(
        fc.record({ set: fc.constantFrom(...NAMES), value }),
        fc.record({ remove: fc.constantFrom(...NAMES) }),
      );
      await tryCases(release, MAIN, fc.sample(fc.record({ bytes: mainFile, edit: mainEdit }), RUNS));
      const service = fc.constantFrom(...SERVICES);
      const masterEdit = fc.oneof(
        fc.record({ service, set: fc.constantFrom(...OPTIONS), value: optionValues }),
        fc.record({ service, remove: fc.constantFrom(...OPTIONS) }),
      );
      const trials = fc
        .record({ bytes: masterFile.filter(isComparable), edit: masterEdit })
        .filter(({ bytes, edit }) => new RegExp(`^${edit.service.replace(' ', '[ \t]+')}[ \t]`, 'm').test(bytes));
      await tryCases(release, MASTER, fc.sample(trials, RUNS));
    });
  });
}

function trialsOf<E>(format: 'postfix-main' | 'postfix-master'): Trial<E>[] {
  const accepted = casesOf<E>(format).filter(({ refused }) => refused === null);
  return accepted.flatMap(({ before, edits }) => edits.map((edit) => ({ bytes: before, edit })));
}

async function tryCases<E>(release: Release, { format, apply, check }: Kind<E>, trials: readonly Trial<E>[]) {
  const edited = trials.map(({ bytes, edit }) => apply(bytes, [edit]));
  const verdicts = await judge(
    release,
    [...trials.map(({ bytes }) => bytes), ...edited].map((bytes) => ({ [format]: bytes })),
  );
  trials.forEach(({ bytes, edit }, index) => {
    const [before, after] = [verdicts[index], verdicts[index + trials.length]];
    assert.ok(before && after);
    try {
      assert.equal(apply(edited[index] ?? '', [edit]), edited[index]);
      agree({ [format]: bytes }, before);
      agree({ [format]: edited[index] ?? '' }, after);
      check(edit, before, after);
    } catch (error) {
      throw new Error(JSON.stringify({ edit, bytes, edited: edited[index] }), { cause: error });
    }
  });
}
