/** The exposure map of Postfix beside real sessions (docs/lab.md): what it says of each class of client is what the client gets. */

import assert from 'node:assert/strict';
import type { LabHost } from '../../src/lab/lab.ts';
import { compare, type Compared, type Difference } from './compare.ts';
import { generatedBatches } from './generated.ts';
import { handMadeBatches } from './hand-made.ts';
import { observe, oracleHost, postfixVersion } from './oracle-host.ts';
import { render, type Batch } from './render.ts';

const ALL = process.env['HARDEN_MAIL_EXPOSURE'] === 'all';
const SEED = Number(process.env['HARDEN_MAIL_EXPOSURE_SEED'] ?? 20_261_129);
const ENTRIES = 20;
const BATCHES = Number(process.env['HARDEN_MAIL_EXPOSURE_BATCHES'] ?? (ALL ? 16 : 2));
/** Smtpds of earlier batches may still run: every batch has ports of its own. */
const FIRST_PORT = 10_100;

for (const release of ALL ? (['bookworm', 'trixie'] as const) : (['bookworm'] as const)) {
  describe(`exposure: the map and real sessions of ${release}'s Postfix`, () => {
    let host: LabHost;
    let version = '';
    let port = FIRST_PORT;
    const total = { pairs: 0, sessions: 0, unknown: 0, differences: 0 };

    before(async () => {
      host = await oracleHost(release);
      version = await postfixVersion(host);
    });

    after(async () => {
      const { pairs, sessions, unknown, differences } = total;
      process.stdout.write(`    ${release}, Postfix ${version}: ${pairs} pairs, ${sessions} sessions, ${unknown} unknown to the map, ${differences} differences\n`); // oxfmt-ignore
      await host.stop();
    });

    async function tryOut(batches: readonly Batch[]): Promise<Compared[]> {
      const rendered = batches.map((batch) => {
        const first = port;
        port += batch.entries.length;
        return render(batch, `b${first}`, first);
      });
      const observed = await observe(host, rendered);
      return rendered.map((one, at) => {
        const compared = compare(one, observed[at]!, version);
        total.pairs += one.entries.length;
        total.sessions += compared.sessions;
        total.unknown += compared.unknown;
        total.differences += compared.differences.length;
        return compared;
      });
    }

    const handMade = handMadeBatches();
    let found: Promise<Compared[]> | undefined;
    handMade.forEach((batch, at) => {
      batch.entries.forEach(({ sentence }, entry) => {
        it(`the map agrees with the sessions: ${sentence}`, async () => {
          const compared = (await (found ??= tryOut(handMade)))[at]!;
          agree(
            batch,
            compared.differences.filter((one) => one.entry === entry),
          );
        });
      });
    });

    generatedBatches(SEED, BATCHES, ENTRIES).forEach((batch, at) => {
      it(`the map agrees with the sessions of ${ENTRIES} generated entries (seed ${SEED}, main.cf ${at + 1})`, async () => {
        agree(batch, (await tryOut([batch]))[0]!.differences);
      });
    });
  });
}

function agree(batch: Batch, differences: readonly Difference[]): void {
  if (differences.length === 0) return;
  const entries = [...new Set(differences.map(({ entry }) => entry))].slice(0, 3).map((place) => {
    const { sentence, options, answers } = batch.entries[place]!;
    const own = differences.filter(({ entry }) => entry === place).map(({ text }) => text);
    return [sentence, JSON.stringify({ options, answers }), ...own.slice(0, 4)].join('\n  ');
  });
  const { main, answers } = batch;
  assert.fail(
    `${differences.length} differences\n${entries.join('\n')}\nmain.cf: ${JSON.stringify({ main, answers })}`,
  );
}
