/** Documents of runs, for the tests of the page that is made of them. */
import { diffOf } from '../../../src/plan/diff.ts';
import type { ClientSettings, Ending, Finding, HostResult, Severity } from '../../../src/model/index.ts';
import { jsonDocument, type RunFacts } from '../../../src/report/json.ts';
import type { Document } from '../../../src/report/document-schema.ts';
import { MAPS } from './map-data.ts';
import { REHEARSAL } from './rehearsal.ts';
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

const clients: ClientSettings = {
  server: 'mx1.example.test',
  login: 'address',
  domains: ['example.test'],
  services: [
    { protocol: 'imap', port: 993, security: 'tls' },
    { protocol: 'smtp', port: 587, security: 'starttls' },
  ],
  refused: ['logins without TLS: IMAP 143'],
};
const clientFile = {
  ...{ domain: 'example.test', name: 'config-v1.1.xml', readers: 'Thunderbird', text: '<clientConfig/>' },
  publish: ['https://autoconfig.example.test/mail/config-v1.1.xml'],
};

const PORTS = [25, 110, 143, 465, 587, 993, 995];
const of = (port: number, check: string, over: Partial<Finding> = {}): Finding => ({
  ...{ port, check, status: 'pass', via: 'direct', text: `${check} is as it should be on each port` },
  ...over,
});
const weighed = (severity: Severity): Finding['weight'] => {
  const settings = ['smtpd_tls_mandatory_exclude_ciphers', 'smtpd_tls_exclude_ciphers', 'ssl_cipher_list'];
  return { severity, source: 'RFC 9325 §4.1, CVE-2013-0169', profile: 'strict', settings };
};
const CHECKS = [
  'answers',
  'starttls',
  'tls',
  'certificate-served',
  'certificate-validity',
  'certificate-trust',
  'auth',
];
const every = PORTS.flatMap((port) => CHECKS.map((check) => of(port, check)));
const suites =
  'accepts 6 in CBC mode: TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA256, …';

/** Pages as people get them: one host, many, an audit, a journal, and a rehearsal. */
export const PAGES: Readonly<Record<string, Document>> = {
  'one-host': documentOf(
    [
      result(
        { kind: 'verified' },
        { host: 'mx1.example.test', findings: [...every, { ...fail, port: 465 }, warn, hint] },
      ),
    ],
    { command: 'verify' },
  ),
  'forty-hosts': documentOf(
    Array.from({ length: 40 }, (_, at) => {
      const host = `mx${at + 1}.example.test`;
      if (at % 13 === 5) return result(failed, { host, facts: null });
      return at % 7 === 3 ? result(checked(true), { host, plan, exit: 2 }) : result(well, { host, plan: EMPTY, findings: every }); // oxfmt-ignore
    }),
  ),
  audit: documentOf(
    [
      result(
        { kind: 'verified' },
        {
          host: 'mx1.example.test',
          findings: [
            ...every.map((one): Finding => ({ ...one, weight: weighed('ok')! })),
            ...PORTS.map((port) => of(port, 'tls-suites', { status: 'warn', text: suites, weight: weighed('low')! })),
            of(25, 'tls-versions', { status: 'hint', text: 'accepts TLS 1.0 and TLS 1.1', weight: weighed('info')! }),
          ],
          grade: { grade: 'B', cap: 'low', next: 'A', steps: [{ profile: 'strict', checks: ['tls-suites'] }] },
        },
      ),
    ],
    { command: 'verify' },
  ),
  history: documentOf(
    [
      result(
        {
          kind: 'history',
          transactions: ['committed', 'rolled-back', 'committed'].map((state, at) => ({
            ...{ id: `2026112${at}T101500Z-4f2a`, who: 'ann', state, changes: plan.changes },
            reason: state === 'rolled-back' ? '993: no TLS session within 4 s, where one was before the change' : '',
          })),
        },
        { host: 'mx1.example.test' },
      ),
    ],
    { command: 'history' },
  ),
  rehearsal: documentOf(
    [result({ kind: 'rehearsed', rehearsal: REHEARSAL }, { host: 'mx1.example.test', seconds: 133.9 })],
    {
      ...{ command: 'rehearse', seconds: 133.9, exit: 0 },
    },
  ),
  clients: documentOf(
    [result({ kind: 'clients', settings: clients, files: [clientFile], records: [] }, { host: 'mx1.example.test' })],
    { command: 'clients' },
  ),
};

/** A host for each way to end. */
export const everything: Document = documentOf(
  (
    [
      { kind: 'unchanged' },
      { kind: 'pending' },
      { kind: 'declined' },
      { kind: 'verified' },
      { kind: 'changed', receipt, after: { profile: 'standard', clients, left: [], reversible: true } },
      { kind: 'clients', settings: clients, files: [clientFile], records: ['_imaps._tcp.a.test. IN SRV 0 1 993 mx1.'] },
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
      ...['was', 'severity', 'protocol', 'security', 'login', 'profile', 'grade', 'cap', 'next'],
    ];
    const isTask = name === 'name' && typeof value === 'string' && /^[a-z-]+$/.test(value);
    if (typeof value !== 'string' || fixed.includes(name) || isTask || words.test(value)) return value;
    return name === 'diff' ? `--- a\n+++ b\n@@ -1 +1 @@\n-${text}\n+${text}\n ${text}\n` : text;
  };
  return spoil(document, '') as Document;
}
