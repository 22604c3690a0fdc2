/** Documents of runs, for the tests of the page that is made of them. */
import { diffOf } from '../../../src/plan/diff.ts';
import type { Ending, HostResult } from '../../../src/model/index.ts';
import { jsonDocument, type RunFacts } from '../../../src/report/json.ts';
import type { Document } from '../../../src/report/document-schema.ts';
import { MAPS } from './map-data.ts';
import { EMPTY, fail, hint, pass, plan, result, warn } from './results.ts';
import { VIEWS } from './views.ts';

const run: RunFacts = {
  command: 'check',
  tool: '0.1.0',
  started: '2026-11-24T10:15:00.000Z',
  seconds: 4.2,
  dryRun: false,
  exit: 5,
};
const id = '20261124T101500Z-4f2a';
const receipt = { id, state: 'committed', step: 'end', reason: '' } as const;
const failed: Ending = {
  kind: 'failed',
  code: 'CONFIG_INVALID',
  message: '/etc/dovecot/dovecot.conf:12: a brace is not closed',
  hint: 'Mend the file and run again. Nothing was written.',
  exit: 1,
  excerpt: '   12 | service auth {\n      |              ^',
};

const unwell: Ending = {
  kind: 'failed',
  code: 'VERIFY_FAILED',
  message: 'a check fails',
  hint: 'Look again.',
  exit: 5,
};

export function documentOf(results: readonly HostResult[], over: Partial<RunFacts> = {}): Document {
  const diffs = new Map(
    results.map(({ host, plan: planned }) => [host, (planned?.changes ?? []).map((change) => diffOf(change))]),
  );
  return JSON.parse(jsonDocument({ ...run, ...over }, results, diffs, VIEWS)) as Document;
}

const checked = (edited: boolean): Ending => {
  const files = plan.changes.map(({ path }, at) => ({ path, transaction: at === 0 ? null : id, edited }));
  return { kind: 'drifted', drift: { files, leftovers: ['/etc/dovecot/dovecot.conf.ucf-dist'] } };
};
const well: Ending = { kind: 'checked', drift: { files: [], leftovers: [] } };
const checks = [25, 110, 143, 465, 993, 995].map((port) => ({ ...pass, port }));

/** A fleet after a check: what an admin sends to who asked for it. */
export const fleet: Document = documentOf([
  result(well, { host: 'mx1.example.test', plan: EMPTY, findings: [...checks, warn] }),
  result(checked(true), { host: 'mx2.example.test', plan, exit: 2 }),
  result(failed, { host: 'mx3.example.test', facts: null, seconds: 0.4 }),
  result(well, { host: 'mx4.example.test', plan: EMPTY, findings: checks }),
  result(unwell, {
    host: 'mx5.example.test',
    plan: EMPTY,
    findings: [...checks, { ...fail, journal: ['smtpd died: no <SASL> authentication mechanisms'] }, hint],
  }),
]);

/** A host for each way to end. */
export const everything: Document = documentOf(
  (
    [
      { kind: 'unchanged' },
      { kind: 'pending' },
      { kind: 'declined' },
      { kind: 'verified' },
      { kind: 'changed', receipt },
      {
        kind: 'examined',
        diagnoses: [
          { check: 'login', status: 'fail', text: 'no', hint: 'do', exit: 4, seconds: 1 },
          { check: 'danger', status: 'warn', text: 'an open relay', hint: 'close it', exit: 0, seconds: 0 },
        ],
      },
      checked(false),
      { kind: 'foreseen', release: 'trixie' },
      { kind: 'dns', records: ['; mx1', '_25._tcp.mx1 IN TLSA 3 1 1 0000'] },
      ...Object.values(MAPS).map((map) => ({ kind: 'mapped', map })),
      { kind: 'history', transactions: [{ id, who: 'ann', state: 'committed', reason: 'why', changes: plan.changes }] },
      { ...failed, receipt },
    ] as Ending[]
  ).map((ending, at) =>
    result(ending, {
      host: `mx${at}`,
      exit: ending.kind === 'failed' ? 1 : 0,
      plan,
      findings: [pass, { ...fail, journal: ['smtpd died: no <SASL> authentication mechanisms'] }, warn, hint],
    }),
  ),
  { command: 'apply' },
);

/** The same document, with this text in the place of every text that is not one of a few words. */
export function poisoned(document: Document, text: string): Document {
  const words = /^(apply|check|kind|\d{4}-.*Z|\d{4})$/;
  const spoil = (value: unknown, name: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => spoil(item, name));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, spoil(inner, key)]));
    const fixed = [
      'outcome',
      'status',
      'via',
      'level',
      'task',
      'kind',
      'challenge',
      'unit',
      'how',
      'mode',
      'state',
      'client',
      'destination',
      'verdict',
      'tls',
      'offered',
      'daemon',
    ];
    const isTask = name === 'name' && typeof value === 'string' && /^[a-z-]+$/.test(value);
    if (typeof value !== 'string' || fixed.includes(name) || isTask || words.test(value)) return value;
    return name === 'diff' ? `--- a\n+++ b\n@@ -1 +1 @@\n-${text}\n+${text}\n ${text}\n` : text;
  };
  return spoil(document, '') as Document;
}
