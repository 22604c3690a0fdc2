import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import {
  dovecotEntries,
  dovecotFiles,
  dovecotValue,
  hasSection,
  loadDovecot,
  removeDovecot,
  setDovecot,
} from '../../../src/formats/dovecot.ts';
import { HardenMailError } from '../../../src/errors.ts';

/**
 * One case. Files are latin1 text by path, as a string or as lines; a lone text is the root file. A setting's path is
 * written `service auth > unix_listener /x > mode`.
 */
interface Case {
  readonly name: string;
  readonly files: string | readonly string[] | Readonly<Record<string, string | readonly string[]>>;
  /** What must be read: the value that wins, null for none. */
  readonly values?: Readonly<Record<string, string | null>>;
  /** Where the winning value stands, FILE:LINE. */
  readonly places?: Readonly<Record<string, string>>;
  readonly counts?: Readonly<Record<string, number>>;
  readonly sections?: Readonly<Record<string, boolean>>;
  /** Edits one after the other: path, value (null: remove), home. */
  readonly edits?: readonly (readonly [path: string, value: string | null, home?: string])[];
  /** The files that differ after the edits. */
  readonly after?: Case['files'];
  /** Loading, or an edit, fails with this at the start of the message. */
  readonly error?: string;
}

const ROOT = '/etc/dovecot/dovecot.conf';
const folder = new URL('../../cases/dovecot/', import.meta.url);

const text = (content: string | readonly string[]): string =>
  typeof content === 'string' ? content : content.map((line) => line + '\n').join('');

const filesOf = (files: Case['files']): Record<string, string> =>
  typeof files === 'string' || Array.isArray(files)
    ? { [ROOT]: text(files as string | readonly string[]) }
    : Object.fromEntries(Object.entries(files).map(([path, content]) => [path, text(content as string)]));

const pathOf = (path: string): string[] => path.split(' > ');

for (const file of readdirSync(folder)) {
  if (!file.endsWith('.json')) continue;
  const cases = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Case[];
  describe(`dovecot ${file.replace('.json', '')}`, () => {
    for (const one of cases) it(one.name, () => run(one));
  });
}

function run(one: Case): void {
  if (one.error !== undefined) {
    assert.throws(
      () => edited(one),
      (error: unknown) => {
        assert.ok(error instanceof HardenMailError, String(error));
        assert.equal(error.message.slice(0, one.error!.length), one.error);
        return true;
      },
    );
    return;
  }
  const files = filesOf(one.files);
  const config = loadDovecot(files, ROOT);
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
  if (one.edits !== undefined) {
    const after = edited(one);
    assert.deepEqual(after, { ...files, ...filesOf(one.after ?? {}) });
    assert.deepEqual(edited({ ...one, files: after }), after, 'the same edits again change nothing');
  }
}

function edited({ files, edits = [] }: Case): Record<string, string> {
  let config = loadDovecot(filesOf(files), ROOT);
  for (const [path, value, home = ROOT] of edits) {
    if (value === null) {
      config = removeDovecot(config, pathOf(path));
      assert.equal(dovecotValue(config, pathOf(path)), null);
    } else {
      const result = setDovecot(config, pathOf(path), value, home);
      config = result.config;
      assert.deepEqual(dovecotValue(config, pathOf(path)), { value, file: result.file, line: result.line });
    }
  }
  return dovecotFiles(config);
}
