/**
 * The corpus before the real doveconf: what we read is what it reads, one edit of ours changes what was meant and nothing
 * else, so does the recipe as a whole, a second time changes nothing, and what it refuses we refuse.
 */
import assert from 'node:assert/strict';
import { HardenMailError } from '../../src/model/errors.ts';
import {
  dovecotFiles,
  loadDovecot,
  removeDovecot,
  setDovecot,
  type DovecotConfig,
} from '../../src/formats/dovecot/dovecot.ts';
import { DOVECOT_CONF, FULL, isTurn, MANIFEST, ownSamples, stockDovecot, type Sample } from './corpus.ts';
import { grammarOf, RELEASES } from '../support/debs.ts';
import { doveconf, type Doveconf, type Reading } from './doveconf.ts';
import { checkDovecot, disagreements, unmeant } from './dovecot-compare.ts';
import { dovecotEdits, RECIPE, type DovecotEdit } from './edits.ts';

for (const release of RELEASES) {
  const grammar = grammarOf(release);
  describe(`oracle: the corpus, read by doveconf of ${release}`, () => {
    let host: Doveconf;
    before(async () => {
      host = await doveconf(release);
    });

    /** The whole stock configuration is put through every edit and the recipe, other files through one of these. */
    const chosen = ({ name, origin, files }: Sample, index: number): (readonly DovecotEdit[])[] => {
      const all = [...dovecotEdits(grammar, files).map((edit) => [edit]), RECIPE[grammar]];
      if (FULL || name === 'stock /usr/share/dovecot/dovecot.conf') return all;
      if (origin === 'stock' && !isTurn(index, release)) return [];
      return index % 4 < 2 ? [RECIPE[grammar]] : all.slice(index % all.length).slice(0, 1);
    };

    it('the packages ship each file of the manifest', async () => {
      const { dovecot, 'dovecot-lookups': lookups } = MANIFEST[release];
      assert.deepEqual(Object.keys(await host.shipped()).sort(), [...dovecot, ...lookups].sort());
    });

    it('doveconf agrees with the reader, with each edit and with each refusal', async () => {
      const own = ownSamples('dovecot', release).filter((_, index) => isTurn(index, release));
      const samples = [...(await stockDovecot(release)), ...own];
      const read = await host.readAll(samples.map(({ files }) => files));
      const trials = samples.flatMap((sample, index): Trial[] => {
        const before = read[index];
        assert.ok(before);
        if (sample.origin === 'refused') return inContext(sample.name, () => refuse(sample, before, grammar));
        assert.ok(before.ok, `${sample.name}: ${JSON.stringify(before)}`);
        const config = inContext(sample.name, () => loadDovecot(sample.files, DOVECOT_CONF));
        inContext(sample.name, () => assert.deepEqual(disagreements(config, before.settings), []));
        return chosen(sample, index).map((edits) => ({ sample, edits, config, before }));
      });
      const edited = trials.map(twice);
      const after = await host.readAll(edited.map(dovecotFiles));
      trials.forEach((trial, index) =>
        inContext(`${trial.sample.name}: ${JSON.stringify(trial.edits)}`, () =>
          check(trial, edited[index]!, after[index]!),
        ),
      );
    });
  });
}

interface Trial {
  readonly sample: Sample;
  readonly edits: readonly DovecotEdit[];
  readonly config: DovecotConfig;
  readonly before: Reading & { readonly ok: true };
}

function apply(config: DovecotConfig, { path, value, home }: DovecotEdit): DovecotConfig {
  const names = path.split(' > ');
  return value === null ? removeDovecot(config, names) : setDovecot(config, names, value, home).config;
}

function twice(trial: Trial): DovecotConfig {
  return inContext(`${trial.sample.name}: ${JSON.stringify(trial.edits)}`, () => {
    const edited = trial.edits.reduce(apply, trial.config);
    assert.equal(trial.edits.reduce(apply, edited), edited, 'a second time changes nothing');
    return edited;
  });
}

function check({ edits, config: { grammar }, before }: Trial, edited: DovecotConfig, after: Reading): void {
  assert.ok(after.ok, `refused: ${'error' in after ? after.error : ''}`);
  assert.deepEqual(disagreements(edited, after.settings), []);
  const paths = edits.map(({ path }) => path);
  assert.deepEqual(unmeant(grammar, before.settings, after.settings, paths), []);
  const [edit, ...rest] = edits;
  if (edit && rest.length === 0) checkDovecot(edit, grammar, before.settings, after.settings);
}

/** Both refuse it, in the same place (of joined lines the daemon names the last); or it is written for the other grammar. */
function refuse({ files }: Sample, theirs: Reading, grammar: string): [] {
  assert.ok(!theirs.ok, 'doveconf takes it');
  const [, file, line] = /file (\S+) line (\d+)/.exec(theirs.error) ?? [];
  try {
    assert.notEqual(loadDovecot(files, DOVECOT_CONF).grammar, grammar, 'we take it');
  } catch (error) {
    if (!(error instanceof HardenMailError)) throw error;
    const [, ours, number] = /^(\S+?):(\d+):/.exec(error.message) ?? [];
    const here = file === undefined || (ours === file && Number(number) <= Number(line));
    assert.ok(ours !== undefined && here, `${error.message}, and doveconf: ${theirs.error}`);
  }
  return [];
}

/** An error says which file and which edit it was. */
function inContext<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(name, { cause: error });
  }
}
