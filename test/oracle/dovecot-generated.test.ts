import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HardenMailError } from '../../src/model/errors.ts';
import { dovecotFiles, loadDovecot, removeDovecot, setDovecot } from '../../src/formats/dovecot/dovecot.ts';
import { filesOf, HOME, model, ROOT, settable, value } from '../support/formats/dovecot-model.ts';
import { grammarOf, RELEASES } from '../support/debs.ts';
import { doveconf } from './doveconf.ts';
import type { Doveconf } from './doveconf.ts';
import { disagreements, unmeant } from './dovecot-compare.ts';

const numRuns = Number(process.env['HARDEN_MAIL_ORACLE_RUNS'] ?? 10);

const HEAD = 'dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n';

/** What the daemon says of text that is wrong whatever settings there are. */
const GRAMMAR = /^(Expecting|Garbage|Unexpected|Missing|No matches|Recursive)/;

const soup = fc.oneof(
  fc
    .array(fc.constantFrom(...'a b = " \' \\ # { } < x\t \r \xe9'.split(' '), ' ', ' ', '=', '\\\n', '#'), {
      maxLength: 8,
    })
    .map((parts) => `k${parts.join('')}\n`),
  fc
    .array(fc.constantFrom('b', ' ', '"', "'", '\\', '#', '\\\n', '\t', 'c '), { maxLength: 8 })
    .map((parts) => `k = ${parts.join('')}\n`),
  fc.constantFrom(
    '# c\n',
    '\n',
    '\\\n',
    '}\n',
    'plugin {\n',
    '!include_try none\n',
    '!include x\n',
    '!include none\n',
    'k {}\n',
  ),
);

for (const release of RELEASES) {
  const grammar = grammarOf(release);
  describe(`oracle: generated dovecot files, read by doveconf of ${release}`, () => {
    let host: Doveconf;
    before(async () => {
      host = await doveconf(release);
    });

    it('doveconf agrees before and after an edit, and the edit changes only its setting', async () => {
      let accepted = 0;
      const property = fc.asyncProperty(
        model(grammar),
        settable(grammar),
        fc.option(value),
        fc.constantFrom(ROOT, `${HOME}x1.conf`, `${HOME}x2.conf`),
        async (one, path, wanted, home) => {
          const files = filesOf(one);
          const before = await host.read(files);
          if (!before.ok) return;
          const config = loadDovecot(files, ROOT);
          assert.deepEqual(disagreements(config, before.settings), []);
          const edited = wanted === null ? removeDovecot(config, path) : setDovecot(config, path, wanted, home).config;
          const after = await host.read(dovecotFiles(edited));
          if (!after.ok) return;
          accepted++;
          assert.deepEqual(disagreements(edited, after.settings), []);
          assert.deepEqual(unmeant(grammar, before.settings, after.settings, [path.join(' > ')]), []);
        },
      );
      await fc.assert(property, { numRuns });
      assert.ok(accepted >= numRuns / 4, `doveconf took only ${accepted} of ${numRuns}`);
    });

    it('doveconf and the parser accept the same texts, and refuse others at the same line', async () => {
      // A block in which every key is allowed, so that only the grammar counts.
      const [head, block] = grammar === '2.4' ? [HEAD, 'imap_id_send'] : ['', 'plugin'];
      let [took, refused] = [0, 0];
      const property = fc.asyncProperty(
        fc.array(soup, { maxLength: 5 }),
        fc.array(soup, { maxLength: 3 }),
        async (a, b) => {
          const files = {
            [ROOT]: `${head}${block} {\nk = v\n!include x\n${a.join('')}\n}\n`,
            [`${HOME}x`]: b.join(''),
          };
          const theirs = await host.read(files);
          if (theirs.ok) {
            took++;
            assert.deepEqual(disagreements(loadDovecot(files, ROOT), theirs.settings), []);
            return;
          }
          const [, file, line, why = ''] = /file (.*) line (\d+): (.*)/.exec(theirs.error) ?? [];
          if (!GRAMMAR.test(why)) return;
          refused++;
          assert.throws(
            () => loadDovecot(files, ROOT),
            (error: unknown) =>
              error instanceof HardenMailError && samePlace(error.message, files, file!, Number(line)),
            theirs.error,
          );
        },
      );
      await fc.assert(property, { numRuns });
      // Of ten texts all may be refused by chance; of a hundred none should.
      if (numRuns < 100) return;
      assert.ok(took >= numRuns / 20 && refused >= numRuns / 20, `${took} taken, ${refused} refused of ${numRuns}`);
    });
  });
}

/** Is our place theirs? Of joined lines the daemon names the last one, and we the one that is wrong. */
function samePlace(message: string, files: Readonly<Record<string, string>>, file: string, line: number): boolean {
  const [, ours, number] = /^(.*):(\d+):\d+: expected /.exec(message) ?? [];
  const lines = files[file]!.split('\n').slice(Number(number) - 1, line - 1);
  return ours === file && Number(number) <= line && lines.every((joined) => /\\\s*(#.*)?$/.test(joined));
}
