import assert from 'node:assert/strict';
import { dovecotFiles } from '../../src/formats/dovecot/dovecot.ts';
import { caseFiles, casesIn, edit, filesOf, load, ROOT } from '../support/formats/dovecot-cases.ts';
import type { Case } from '../support/formats/dovecot-cases.ts';
import { grammarOf, RELEASES } from '../support/debs.ts';
import { doveconf } from './doveconf.ts';
import type { Reading } from './doveconf.ts';
import { disagreements, unmeant } from './dovecot-compare.ts';

for (const release of RELEASES) {
  describe(`oracle: dovecot cases, read by doveconf of ${release}`, () => {
    const cases = caseFiles
      .flatMap(casesIn)
      .filter((one) => writtenFor(one) === grammarOf(release) && (one.releases ?? [release]).includes(release));
    let readings: Reading[] = [];
    before(async () => {
      const host = await doveconf(release);
      readings = await host.readAll(cases.flatMap((one) => [filesOf(one.files), editedFiles(one)]));
    });
    cases.forEach((one, index) => {
      it(`doveconf agrees before and after the edits: ${one.name}`, () => {
        const [before, after] = readings.slice(2 * index);
        assert.ok(before && after);
        if (one.error?.startsWith('/etc/dovecot') && !one.edits) assert.ok(!before.ok, 'doveconf takes it');
        else agrees(one, before, after);
      });
    });
  });
}

function agrees(one: Case, before: Reading, after: Reading): void {
  const config = load(one);
  assert.ok(before.ok, JSON.stringify(before));
  assert.deepEqual(disagreements(config, before.settings), []);
  if (one.edits === undefined || one.error !== undefined) return;

  assert.ok(after.ok, JSON.stringify(after));
  assert.deepEqual(disagreements(edit(config, one.edits), after.settings), []);
  const paths = one.edits.map(([path]) => path);
  assert.deepEqual(unmeant(config.grammar, before.settings, after.settings, paths), []);
}

/** The files after the edits; as they are where there are none. */
function editedFiles(one: Case): Record<string, string> {
  if (one.edits === undefined || one.error !== undefined) return filesOf(one.files);
  return dovecotFiles(edit(load(one), one.edits));
}

function writtenFor(one: Case): string {
  const root = filesOf(one.files)[ROOT] ?? '';
  return /^dovecot_config_version/m.test(root) ? '2.4' : '2.3';
}
