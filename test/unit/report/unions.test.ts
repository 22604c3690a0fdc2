import fc from 'fast-check';
import {
  ACT_NAMES,
  CHALLENGES,
  CLIENT_SECURITY,
  DIAGNOSIS_STATUSES,
  EFFECT_KINDS,
  GRADES,
  KEY_TYPES,
  LOGIN_NAMES,
  MAIL_PROTOCOLS,
  NOTE_LEVELS,
  PROFILES,
  RECEIPT_STATES,
  REQUEST_SETTINGS,
  SEVERITIES,
  STATUSES,
  TASKS,
  TASK_STATES,
  UNITS,
  WAYS_OF_LOOKING,
  WAYS_TO_ACTIVATE,
} from '../../../src/model/index.ts';
import type {
  Act,
  Action,
  Afterwards,
  CertificateRequest,
  ClientSettings,
  Ending,
  Finding,
  Grade,
  HostResult,
  Left,
  Plan,
  PortAudit,
  Receipt,
  Rehearsal,
} from '../../../src/model/index.ts';
import { jsonDocument } from '../../../src/report/json.ts';
import { assertDocument } from '../../support/report/document.ts';
import { MAPS } from '../../support/report/map-data.ts';
import { facts } from '../../support/report/results.ts';
import { HOST_COMMAND_NAMES, VIEWS } from '../../support/report/views.ts';

// The types say that each record has every field of its interface: a field or a member that is added to the model, and not
// to these records, does not compile; one that is not in the schema fails the property.
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const texts = fc.array(text, { maxLength: 2 });
const port = fc.integer({ min: 1, max: 65535 });
const of = <T>(members: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...members);
/** Each field of a record with an arbitrary; fields that may be absent are absent in some samples. */
const record = <T>(
  fields: { [K in keyof Required<T>]: fc.Arbitrary<T[K]> },
  optional: (keyof T)[] = [],
): fc.Arbitrary<T> =>
  fc.record(fields, {
    requiredKeys: (Object.keys(fields) as (keyof T)[]).filter((name) => !optional.includes(name)),
  }) as fc.Arbitrary<T>;

const left = record<Left>({ check: text, severity: of(SEVERITIES), text });
const clients = record<ClientSettings>({
  server: text,
  login: of(LOGIN_NAMES),
  domains: texts,
  services: fc.array(record({ protocol: of(MAIL_PROTOCOLS), port, security: of(CLIENT_SECURITY) }), { maxLength: 2 }),
  refused: texts,
});

type Certificate = Extract<Action, { kind: 'certificate' }>;

const action: fc.Arbitrary<Action> = fc.oneof(
  record<Extract<Action, { kind: 'install' }>>({ kind: fc.constant('install'), packages: texts }),
  record<Certificate>({
    kind: fc.constant('certificate'),
    name: text,
    domain: text,
    domains: texts,
    challenge: of(CHALLENGES),
    request: record<CertificateRequest>(
      {
        webroot: text,
        preHook: text,
        postHook: text,
        keyType: of(KEY_TYPES),
        email: text,
        acmeServer: text,
        acmeCa: text,
      },
      [...REQUEST_SETTINGS],
    ),
  }),
);

const many = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { maxLength: 3 });

const plan: fc.Arbitrary<Plan> = record<Plan>({
  tasks: many(record({ name: of(TASKS), state: of(TASK_STATES), summary: text })),
  actions: many(action),
  settings: many(
    record({
      task: of(TASKS),
      fragment: text,
      setting: text,
      file: text,
      before: fc.option(text),
      after: fc.option(text),
    }),
  ),
  changes: many(
    record({
      path: text,
      target: text,
      before: fc.option(text),
      after: fc.option(text),
      sha256: text,
      mode: fc.stringMatching(/^[0-7]{4}$/),
      owner: text,
    }),
  ),
  activations: many(record({ unit: of(UNITS), how: of(WAYS_TO_ACTIVATE), why: text })),
  notes: many(
    record<Plan['notes'][number]>({ task: of(TASKS), level: of(NOTE_LEVELS), text, consent: fc.constant('sasl') }, [
      'consent',
    ]),
  ),
  effects: many(record({ kind: of(EFFECT_KINDS), id: text, text })),
  left: many(left),
});

const finding: fc.Arbitrary<Finding> = record<Finding>(
  {
    port,
    check: text,
    kind: text,
    name: text,
    status: of(STATUSES),
    text,
    via: of(WAYS_OF_LOOKING),
    journal: texts,
    weight: record({ severity: of(SEVERITIES), source: text, profile: fc.option(of(PROFILES)), settings: texts }),
  } as { [K in keyof Required<Finding>]: fc.Arbitrary<Finding[K]> },
  ['kind', 'name', 'journal', 'weight'],
);

const audit: fc.Arbitrary<PortAudit> = record<PortAudit>({
  port,
  protocol: of(MAIL_PROTOCOLS),
  answers: fc.boolean(),
  why: text,
  greeting: text,
  capabilities: record({ clear: texts, inside: texts }),
  versions: many(record({ version: text, suites: texts, order: of(['server', 'client', null] as const) })),
  groups: texts,
  chains: many(
    many(
      record({
        subject: text,
        issuer: text,
        names: texts,
        key: text,
        signature: text,
        from: text,
        to: text,
        fingerprint: text,
      }),
    ),
  ),
  connections: fc.nat(),
  seconds: fc.nat(),
});

const receipt = record<Receipt>({ id: text, state: of(RECEIPT_STATES), step: text, reason: text, notes: texts }, [
  'notes',
]);
const exit = fc.integer({ min: 0, max: 255 });

/** Every kind of ending; a kind that is missing here does not compile. */
/** Of `check`. */
const DRIFT = record({
  drift: record({
    files: many(record({ path: text, transaction: fc.option(text), edited: fc.boolean() })),
    leftovers: texts,
  }),
});

const ENDINGS: { [K in Ending['kind']]: fc.Arbitrary<Omit<Extract<Ending, { kind: K }>, 'kind'>> } = {
  unchanged: fc.constant({}),
  pending: fc.constant({}),
  declined: fc.constant({}),
  verified: fc.constant({}),
  changed: fc.record(
    {
      receipt,
      after: record<Afterwards>({
        profile: of(PROFILES),
        clients: fc.option(clients),
        left: many(left),
        reversible: fc.boolean(),
      }),
    },
    { requiredKeys: [] },
  ),
  clients: record({
    settings: clients,
    files: many(
      fc.record(
        { domain: text, name: text, readers: text, publish: texts, text, path: text },
        { requiredKeys: ['domain', 'name', 'readers', 'publish', 'text'] },
      ),
    ),
    records: texts,
  }),
  failed: fc.record(
    { code: text, message: text, hint: text, exit, excerpt: text, receipt },
    { requiredKeys: ['code', 'message', 'hint', 'exit'] },
  ),
  checked: DRIFT,
  drifted: DRIFT,
  foreseen: record({ release: text }),
  examined: record({
    diagnoses: many(record({ check: text, status: of(DIAGNOSIS_STATUSES), text, hint: text, exit, seconds: fc.nat() })),
  }),
  dns: record({ records: texts }),
  mapped: record({ map: of(Object.values(MAPS)) }),
  rehearsed: record({
    rehearsal: record<Rehearsal>(
      {
        good: fc.boolean(),
        verdict: text,
        release: text,
        upgradeTo: text,
        nearest: fc.record({ host: text, copy: text, goal: text }, { requiredKeys: ['host', 'copy'] }),
        acts: many(
          record<Act>({
            name: of(ACT_NAMES),
            seconds: fc.nat(),
            faults: texts,
            notes: texts,
            outages: many(record({ port, seconds: fc.nat() })),
            files: many(record({ path: text, mode: fc.option(text), owner: fc.option(text), diff: text })),
          }),
        ),
        sameDiff: fc.option(fc.boolean()),
        differences: texts,
        unrehearsed: texts,
        on: text,
        kept: record({ login: text, remove: text }),
      },
      ['upgradeTo', 'on', 'kept'],
    ),
  }),
  history: record({
    transactions: many(
      fc.record(
        { id: text, who: text, state: text, reason: text, changes: fc.constant([]), installed: texts, removed: texts },
        { requiredKeys: ['id', 'who', 'state', 'reason', 'changes'] },
      ),
    ),
  }),
};

describe('report: the JSON document of every ending', () => {
  for (const kind of Object.keys(ENDINGS) as Ending['kind'][]) {
    it(`${kind}: every member of every list of the model is valid in the published schema`, () => {
      const ending = ENDINGS[kind].map((fields) => ({ kind, ...fields }) as Ending);
      const result: fc.Arbitrary<HostResult> = record<HostResult>(
        {
          host: text,
          ending,
          exit,
          facts: fc.option(fc.constant(facts)),
          plan: fc.option(plan),
          findings: many(finding),
          audit: many(audit),
          grade: record<Grade>({
            grade: of(GRADES),
            cap: of(SEVERITIES),
            next: fc.option(of(GRADES)),
            steps: many(record({ profile: fc.option(of(PROFILES)), checks: texts })),
          }),
          seconds: fc.nat(),
        },
        ['audit', 'grade'],
      );
      const property = fc.property(result, of(HOST_COMMAND_NAMES), (one, command) => {
        assertDocument(jsonDocument({ command, exit: one.exit }, [one], new Map(), VIEWS));
      });
      fc.assert(property, { numRuns: 25 });
    });
  }
});
