import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';
import {
  dovecotEntries,
  dovecotFiles,
  dovecotValue,
  hasSection,
  loadDovecot,
  setDovecot,
} from '../../../src/formats/dovecot/dovecot.ts';
import { caseFiles, casesIn, edit, filesOf, load, pathOf, ROOT } from '../../support/formats/dovecot-cases.ts';
import type { Case } from '../../support/formats/dovecot-cases.ts';

for (const file of caseFiles) {
  describe(`formats: dovecot cases of ${file.replace('.json', '')}`, () => {
    for (const one of casesIn(file))
      it(`${one.error === undefined ? 'the configuration is read and edited as expected' : 'the configuration is refused at the faulty place'}: ${one.name}`, () =>
        one.error === undefined ? reads(one) : refuses(one));
  });
}

function reads(one: Case): void {
  const files = filesOf(one.files);
  const config = load(one);
  assert.deepEqual(dovecotFiles(config), files, 'an unedited configuration keeps its bytes');
  for (const [path, value] of Object.entries(one.values ?? {})) {
    assert.equal(dovecotValue(config, pathOf(path))?.value ?? null, value, path);
  }
  for (const [path, place] of Object.entries(one.places ?? {})) {
    const entry = dovecotValue(config, pathOf(path));
    assert.equal(entry && `${entry.file}:${entry.line}`, place, path);
  }
  for (const [path, count] of Object.entries(one.counts ?? {})) {
    assert.equal(dovecotEntries(config, pathOf(path)).length, count, path);
  }
  for (const [path, there] of Object.entries(one.sections ?? {})) {
    assert.equal(hasSection(config, pathOf(path)), there, path);
  }
  if (one.edits === undefined) return;
  const edited = edit(config, one.edits, (path, value, found) => {
    assert.equal(found?.value ?? null, value, path.join(' > '));
  });
  assert.deepEqual(dovecotFiles(edited), { ...files, ...filesOf(one.after ?? {}) });
  assert.deepEqual(dovecotFiles(edit(edited, one.edits)), dovecotFiles(edited), 'the same edits again change nothing');
}

function refuses(one: Case): void {
  assert.throws(
    () => edit(load(one), one.edits ?? []),
    (error: unknown) => {
      assert.ok(error instanceof HardenMailError, String(error));
      assert.equal(error.message.slice(0, one.error!.length), one.error);
      return true;
    },
  );
}

describe('formats: dovecot', () => {
  it('an error shows the faulty line with a caret', () => {
    assert.throws(
      () => loadDovecot({ [ROOT]: 'mail_home = /a\nservice auth { user = root }\n' }, ROOT),
      (error: unknown) => {
        assert.ok(error instanceof HardenMailError);
        assert.equal(error.excerpt, '2 | service auth { user = root }\n  |                ^');
        return true;
      },
    );
  });

  it('a missing configuration is an error with its path', () => {
    assert.throws(() => loadDovecot({}, ROOT), { code: 'CONFIG_INVALID', message: `${ROOT} does not exist` });
  });

  it('setDovecot returns the file and line of the setting after the edit', () => {
    const config = loadDovecot({ [ROOT]: '!include a.conf\n', '/etc/dovecot/a.conf': '\n#ssl = yes\n' }, ROOT);
    const { file, line } = setDovecot(config, ['ssl'], 'required', '/etc/dovecot/a.conf');
    assert.deepEqual([file, line], ['/etc/dovecot/a.conf', 3]);
  });

  it('a file of 300,000 lines is read and edited, which quadratic work would not finish', () => {
    const block = 'service auth {\n  # a comment of some words\n  user = root\n}\nmail_home = "/a" # x\n';
    const bytes = `${block.repeat(60_000)}#ssl = yes\n`;
    const config = loadDovecot({ [ROOT]: bytes }, ROOT);
    const edited = setDovecot(setDovecot(config, ['ssl'], 'required', ROOT).config, ['mail_home'], '/b', ROOT);
    assert.equal(dovecotFiles(edited.config)[ROOT]!.length, bytes.length + 'ssl = required\n'.length - 2);
  }).timeout(60_000);
});
