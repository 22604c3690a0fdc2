import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HardenMailError } from '../../../src/model/errors.ts';
import {
  dovecotFiles,
  dovecotValue,
  loadDovecot,
  removeDovecot,
  setDovecot,
} from '../../../src/formats/dovecot/dovecot.ts';
import type { DovecotConfig } from '../../../src/formats/dovecot/dovecot.ts';
import { canonicalPath } from '../../../src/formats/dovecot/dovecot-tree.ts';
import { filesOf, HOME, meaningOf, model, ROOT, settable, value } from '../../support/formats/dovecot-model.ts';
import type { Model } from '../../support/formats/dovecot-model.ts';

const numRuns = Number(process.env['HARDEN_MAIL_RUNS'] ?? 500);

for (const grammar of ['2.3', '2.4'] as const) {
  describe(`formats: laws of dovecot ${grammar}`, () => {
    it('the parser reads the values that the generator meant and keeps every byte', () => {
      fc.assert(
        fc.property(model(grammar), (one) => {
          const files = filesOf(one);
          const config = loadDovecot(files, ROOT);
          assert.equal(config.grammar, grammar);
          assert.deepEqual(dovecotFiles(config), files);
          assert.deepEqual(valuesOf(config, one), meaningOf(one));
          for (const reading of config.readings) assertTiled(reading.lines, files[reading.file]!);
        }),
        { numRuns },
      );
    }).timeout(0);

    it('setDovecot obeys PutGet and PutPut and changes only the line of its setting', () => {
      fc.assert(
        fc.property(model(grammar), settable(grammar), value, value, home, (one, path, wanted, other, into) => {
          const config = loadDovecot(filesOf(one), ROOT);
          const edited = setDovecot(config, path, wanted, into);
          const { value: now, file, line } = dovecotValue(edited.config, path)!;
          assert.deepEqual([now, file, line], [wanted, edited.file, edited.line]);
          assertOnly(one, config, edited.config, path, wanted);

          assert.ok(setDovecot(edited.config, path, wanted, into).config === edited.config, 'PutPut');
          const twice = setDovecot(edited.config, path, other, into);
          assert.equal(dovecotValue(twice.config, path)?.value, other);
          assertOnly(one, config, twice.config, path, other);
        }),
        { numRuns },
      );
    }).timeout(0);

    it('removeDovecot removes one setting and no other', () => {
      fc.assert(
        fc.property(model(grammar), settable(grammar), (one, path) => {
          const config = loadDovecot(filesOf(one), ROOT);
          const removed = removeDovecot(config, path);
          assertOnly(one, config, removed, path, null);
        }),
        { numRuns },
      );
    }).timeout(0);
  });
}

describe('formats: dovecot with arbitrary bytes', () => {
  const bytes = fc.oneof(
    fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
    fc.string({ unit: fc.constantFrom(...'a= \t\r\n\n\n"\'\\#{}<!$\0', '!include a', 'a = b', '<<E', 'group ', '@x') }),
  );
  it('the parser reads them or reports the place of the error', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.boolean(), (first, second, is24) => {
        const head = is24 ? 'dovecot_config_version = 2.4.0\n' : '';
        const files: Record<string, string> = {
          [ROOT]: `${head}${first}\n!include_try a\n${second}`,
          [`${HOME}a`]: second,
        };
        try {
          for (const { file, lines } of loadDovecot(files, ROOT).readings) assertTiled(lines, files[file]!);
        } catch (error) {
          if (!(error instanceof HardenMailError)) throw error;
          const [, file, line, column] = /^(.*):(\d+):(\d+): expected /.exec(error.message) ?? [];
          const source = files[file!]!.split('\n')[Number(line) - 1];
          assert.ok(source !== undefined && Number(column) <= source.length + 1, error.message);
        }
      }),
      { numRuns },
    );
  }).timeout(0);
});

const home = fc.constantFrom(ROOT, `${HOME}x1.conf`, `${HOME}x2.conf`, `${HOME}conf.d/10-ssl.conf`);

/** Lines lie side by side and leave no byte out. */
function assertTiled(lines: readonly { readonly line: { start: number; end: number } }[], bytes: string): void {
  let at = 0;
  for (const { line } of lines) {
    assert.equal(line.start, at);
    at = line.end;
  }
  assert.equal(at, bytes.length);
}

function valuesOf(config: DovecotConfig, one: Model): Map<string, string> {
  const names = [...meaningOf(one).keys()];
  return new Map(names.map((name) => [name, dovecotValue(config, name.split(' > '))?.value ?? '(none)']));
}

/** The one setting has the wanted value, all others are as before, and one file differs in one stretch of whole lines. */
function assertOnly(
  one: Model,
  before: DovecotConfig,
  after: DovecotConfig,
  path: readonly string[],
  wanted: string | null,
): void {
  const { headers, key } = canonicalPath(path, one.grammar);
  const name = [...headers, key].join(' > ');
  const expected = meaningOf(one);
  if (expected.has(name)) expected.set(name, wanted ?? '(none)');
  assert.deepEqual(valuesOf(after, one), expected);
  assert.equal(dovecotValue(after, path)?.value ?? null, wanted);

  const was = dovecotFiles(before);
  const is = dovecotFiles(after);
  const differ = Object.keys(was).filter((file) => was[file] !== is[file]);
  if (wanted === null) return;
  assert.ok(differ.length <= 1, differ.join());
  for (const file of differ) assertLocal(was[file]!, is[file]!, before, file, path);
}

/** What changed lies in the logical line of the occurrence that won, or is whole new lines. */
function assertLocal(was: string, is: string, before: DovecotConfig, file: string, path: readonly string[]): void {
  const winner = dovecotValue(before, path);
  if (winner === null) {
    let from = 0;
    while (from < was.length && was[from] === is[from]) from++;
    const added = is.length - was.length;
    let ok = false;
    for (let at = from; at >= 0 && !ok; at--) ok = is.slice(0, at) + is.slice(at + added) === was;
    assert.ok(ok, 'an insertion');
    return;
  }
  assert.equal(winner.file, file);
  const { line } = before.readings
    .find((reading) => reading.file === file)!
    .lines.find((placed) => placed.line.kind === 'setting' && placed.line.line === winner.line)!;
  assert.ok(
    is.startsWith(was.slice(0, line.start)) && is.endsWith(was.slice(line.end)),
    'only the logical line differs',
  );
}
