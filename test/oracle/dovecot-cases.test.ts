import assert from 'node:assert/strict';
import { dovecotFiles } from '../../src/formats/dovecot.ts';
import { caseFiles, casesIn, edit, filesOf, load, ROOT } from '../unit/formats/dovecot-cases.ts';
import type { Case } from '../unit/formats/dovecot-cases.ts';
import { RELEASES } from './debs.ts';
import { doveconf } from './doveconf.ts';
import type { Doveconf } from './doveconf.ts';
import { canonicalName, changed, disagreements } from './dovecot-compare.ts';

for (const release of RELEASES) {
  describe(`dovecot on ${release}: the hand-made cases`, () => {
    let host: Doveconf;
    before(async () => {
      host = await doveconf(release);
    });
    const grammar = release === 'trixie' || release === 'forky' ? '2.4' : '2.3';
    for (const one of caseFiles.flatMap(casesIn)) {
      if (grammarOf(one) !== grammar || !(one.releases ?? [release]).includes(release)) continue;
      it(one.name, () =>
        one.error?.startsWith('/etc/dovecot') && !one.edits ? refuses(host, one) : agrees(host, one),
      );
    }
  });
}

async function refuses(host: Doveconf, one: Case): Promise<void> {
  const theirs = await host.read(filesOf(one.files));
  assert.ok(!theirs.ok, 'doveconf takes it');
}

async function agrees(host: Doveconf, one: Case): Promise<void> {
  const config = load(one);
  const before = await host.read(filesOf(one.files));
  assert.ok(before.ok, JSON.stringify(before));
  assert.deepEqual(disagreements(config, before.settings), []);
  if (one.edits === undefined || one.error !== undefined) return;

  const edited = edit(config, one.edits);
  const after = await host.read(dovecotFiles(edited));
  assert.ok(after.ok, JSON.stringify(after));
  assert.deepEqual(disagreements(edited, after.settings), []);
  const meant = one.edits.map(([name]) => canonicalName(config, name));
  const others = changed(config, before.settings, after.settings).filter(
    (name) => !meant.some((one) => name === one || name.startsWith(`${one}_`)),
  );
  assert.deepEqual(others, []);
}

function grammarOf(one: Case): string {
  const root = filesOf(one.files)[ROOT] ?? '';
  return /^dovecot_config_version/m.test(root) ? '2.4' : '2.3';
}
