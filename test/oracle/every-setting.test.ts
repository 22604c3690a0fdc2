/**
 * Every setting of Dovecot 2.3 with a value that is not its default: converted, dropped or refused, but never without effect in
 * silence. What 2.4's doveconf shows of it stands in every-setting.txt, where a change is to be looked at; `ACCEPT=1` writes it.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Conversion } from '../../src/convert/convert.ts';
import { ROOT, convert, type Files } from '../support/convert-cases.ts';
import { flat } from './convert-expected.ts';
import { doveconf, type Doveconf, type Reading } from './doveconf.ts';
import { BLOCKS, trials, type Trial } from './every-setting.ts';

const RECORD = fileURLToPath(new URL('every-setting.txt', import.meta.url));
const VERSIONS = { trixie: '2.4.1', forky: '2.4.5' } as const;
const NIGHTLY = process.env['HARDEN_MAIL_ORACLE_RUNS'];
const ACCEPT = process.env['ACCEPT'];
const EMPTY: Files = { [ROOT]: 'dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n' };

describe('oracle: every setting of Dovecot 2.3 with another value', () => {
  let all: readonly Trial[];
  let old: Doveconf;
  before(async () => {
    old = await doveconf('bookworm');
    const shown = await old.readWithDefaults(BLOCKS);
    assert.ok(shown.ok);
    all = trials(shown.settings);
  });

  it('2.3 accepts each of these settings', async () => {
    const readings = await old.readAll(all.map(({ files }) => files));
    const refused = all.flatMap(({ title }, n) => (readings[n]!.ok ? [] : [title]));
    assert.deepEqual(refused, []);
  });

  for (const [release, version] of Object.entries(VERSIONS) as [keyof typeof VERSIONS, string][]) {
    // Hundreds of calls: of both versions in the nightly run only.
    if (release === 'trixie' && NIGHTLY === undefined && ACCEPT === undefined) continue;
    it(`each setting is converted to what the record says, becomes a comment, or is refused with a reason: ${version}`, async () => {
      const outcomes = await outcomesOn(await doveconf(release), all, version);
      assert.deepEqual(
        outcomes.filter((line) => / → (nothing|INVALID)/.test(line)),
        [],
      );
      const record = readFileSync(RECORD, 'utf8').trimEnd().split('\n');
      if (ACCEPT !== undefined) accept(record, outcomes, version);
      else
        assert.deepEqual(
          outcomes,
          record.filter((line) => !/ \(2[.]4[.]\d\)$/.test(line) || line.endsWith(`(${version})`)).map(plain),
        );
    });
  }
});

const plain = (line: string): string => line.replace(/ \(2[.]4[.]\d\)$/, '');

/** 2.4.1 comes first; what 2.4.5 makes of a setting is a line of its own where it differs. */
function accept(record: readonly string[], outcomes: readonly string[], version: string): void {
  const first = version === '2.4.1';
  const lines = outcomes.flatMap((line, n) => {
    if (first || record[n] === line) return [line];
    return [`${record[n]} (2.4.1)`, `${line} (2.4.5)`];
  });
  writeFileSync(RECORD, `${lines.join('\n')}\n`);
}

async function outcomesOn(now: Doveconf, all: readonly Trial[], version: string): Promise<string[]> {
  const converted = all.map(({ files, without }) => [convert(files, version), convert(without, version)] as const);
  const texts = converted.map((pair) => pair.map(({ problems, files }) => JSON.stringify(problems.length > 0 ? EMPTY : files))); // oxfmt-ignore
  const asked = [...new Set(texts.flat())];
  const half = Math.ceil(asked.length / 2);
  const readings = await Promise.all(
    [asked.slice(0, half), asked.slice(half)].map((some) => now.readAll(some.map((text) => JSON.parse(text) as Files))),
  );
  const answers = new Map(readings.flat().map((reading, n) => [asked[n]!, reading]));
  return all.map(({ title }, n) => {
    const [having, lacking] = texts[n]!.map((text) => answers.get(text)!);
    return `${title} → ${outcomeOf(title, converted[n]![0], having!, lacking!)}`;
  });
}

function outcomeOf(title: string, { problems, lines }: Conversion, having: Reading, lacking: Reading): string {
  if (problems.length > 0) return `refused: ${[...new Set(problems.map(({ todo }) => todo))].join('; ')}`;
  if (!lacking.ok) return `INVALID without it: ${lacking.error}`;
  if (!having.ok) return `INVALID: ${having.error}`;
  const blocks = (reading: ReadonlyMap<string, string>): string[] =>
    [...reading.keys()].filter((name) => / > $/.test(name));
  const before = new Set(blocks(lacking.settings));
  const [was, is] = [flat(lacking.settings), flat(having.settings)];
  const found = [
    ...[...is].filter(([name, value]) => was.get(name) !== value).map(([name, value]) => `${name} = ${value}`),
    ...[...was.keys()].filter((name) => !is.has(name)).map((name) => `no ${name}`),
  ];
  const opened = blocks(having.settings)
    .filter((name) => !before.has(name))
    .map((name) => `${name.slice(0, -3)} { }`);
  if (found.length + opened.length > 0)
    return found.length === 1 && found[0] === title
      ? 'the same'
      : [...found, ...(found.length > 0 ? [] : opened)].join(', ');
  const [, key = ''] = /([a-z_0-9]+) = [^=]*$/.exec(title) ?? [];
  const dropped = lines.find(({ setting, after }) => after === null && title.includes(`${setting} = `));
  if (dropped !== undefined) return 'a comment';
  return lines.some(({ setting }) => setting === key) ? `the default, as ${key}` : 'nothing';
}
