/**
 * The document of `--json`. docs/json.schema.json and the table of docs/json.md are generated from this schema, the compiler checks
 * src/report/json.ts against it, and `report` parses with it. New fields may be added at any time; `version` changes when a field
 * is removed or its meaning changes.
 */
import { z } from 'zod';
import {
  CHALLENGES,
  EFFECT_KINDS,
  GRADES,
  KEY_TYPES,
  MAIL_PROTOCOLS,
  NOTE_LEVELS,
  PROFILES,
  SEVERITIES,
  STATUSES,
  TASKS,
  TASK_STATES,
  UNITS,
  WAYS_OF_LOOKING,
  WAYS_TO_ACTIVATE,
  type CertificateRequest,
} from '../model/index.ts';
import { leftSchema } from './client-schema.ts';
import type { Frozen, Kind, Views } from './ending-view.ts';
import { FILE_FATES } from './file-lines.ts';
import { failureSchema } from './schema-parts.ts';

const exit = z.int().min(0).max(255);
const seconds = z.number().min(0);
const owner = z.string().describe('`user:group`');
const mode = z.string().regex(/^[0-7]{4}$/);

const facts = z
  .object({
    os: z.string(),
    postfix: z.string().nullable().describe('the installed version, else the one that apt would install'),
    dovecot: z.string().nullable(),
    hostname: z.string().describe('the name with which its Postfix answers'),
  })
  .meta({ id: 'facts' });

const request = {
  webroot: z.string().optional(),
  preHook: z.string().optional(),
  postHook: z.string().optional(),
  keyType: z.enum(KEY_TYPES).optional(),
  email: z.string().optional(),
  acmeServer: z.string().optional(),
  acmeCa: z.string().optional().describe('PEM'),
} satisfies Record<keyof CertificateRequest, z.ZodType>;

const action = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('install'), packages: z.array(z.string()) }),
  z.object({
    kind: z.literal('certificate'),
    name: z.string(),
    domain: z.string(),
    domains: z.array(z.string()),
    challenge: z.enum(CHALLENGES),
    ...request,
  }),
]);

const plan = z
  .object({
    tasks: z
      .array(z.object({ name: z.enum(TASKS), state: z.enum(TASK_STATES), summary: z.string() }))
      .describe('each task with its state'),
    actions: z.array(action).describe('what must be done before the settings: packages, a certificate'),
    settings: z
      .array(
        z.object({
          task: z.enum(TASKS),
          fragment: z.string().describe('its id for `explain`'),
          setting: z.string(),
          file: z.string(),
          before: z.string().nullable().describe('null if it was not set'),
          after: z.string().nullable().describe('null if it is removed'),
        }),
      )
      .describe('each setting that differs from what it should be'),
    files: z
      .array(
        z.object({
          path: z.string(),
          was: z.enum(FILE_FATES).optional().describe('what becomes of it'),
          mode,
          owner,
          diff: z.string().describe('unified, secrets masked'),
        }),
      )
      .describe('each file that changes'),
    activations: z
      .array(
        z.object({
          unit: z.enum(UNITS),
          how: z.enum(WAYS_TO_ACTIVATE),
          why: z.string(),
        }),
      )
      .describe('how the daemons load the changes'),
    notes: z
      .array(z.object({ task: z.enum(TASKS), level: z.enum(NOTE_LEVELS), text: z.string() }))
      .describe('further information for the administrator'),
    effects: z
      .array(
        z.object({
          kind: z.enum(EFFECT_KINDS),
          id: z.string().describe('the intended effect (docs/exposure.md), or the kind of restriction'),
          text: z.string(),
        }),
      )
      .describe('clients that may do more, or less, after the plan is applied'),
    left: z
      .array(leftSchema(z))
      .optional()
      .describe('what an audit would still find after the plan, because the profile leaves it as it is'),
  })
  .meta({ id: 'plan' });

const finding = z
  .object({
    id: z
      .string()
      .optional()
      .describe('the same in each run and on each host: port, check, kind of fault: `465/tls-suites/anonymous`'),
    port: z.int().min(1).max(65535),
    check: z.string(),
    kind: z.string().optional().describe('the kind of fault, where the check finds several'),
    name: z.string().optional().describe('the requested name (SNI), if it is not the mail domain'),
    status: z.enum(STATUSES).describe('`hint`: it cannot be seen from this machine'),
    text: z.string(),
    via: z
      .enum(WAYS_OF_LOOKING)
      .describe('`ssh`: through the host; `local`: by the host itself, which does not prove that others reach it'),
    journal: z
      .array(z.string())
      .optional()
      .describe("of a failure: what the daemons said of it in the host's journal, oldest first, secrets masked"),
    weight: z
      .object({
        severity: z.enum(SEVERITIES),
        source: z.string().describe('the document on which the check is based'),
        profile: z.enum(PROFILES).nullable().describe('the profile whose apply fixes it; null if none does'),
        settings: z.array(z.string()).describe('settings to look at'),
      })
      .optional()
      .describe('additional information from an audit'),
  })
  .meta({ id: 'finding' });

const audit = z
  .object({
    port: z.int().min(1).max(65535),
    protocol: z.enum(MAIL_PROTOCOLS),
    answers: z.boolean(),
    why: z.string().describe('why the audit of this port is incomplete; empty if it is complete'),
    greeting: z.string(),
    capabilities: z
      .object({ clear: z.array(z.string()), inside: z.array(z.string()) })
      .describe('as the server writes them'),
    versions: z
      .array(
        z.object({
          version: z.string(),
          suites: z.array(z.string()).describe("IANA's names, in the order in which the server chose them"),
          order: z
            .enum(['server', 'client'])
            .nullable()
            .describe('whose order decides; null if it cannot be determined'),
        }),
      )
      .describe('oldest first'),
    groups: z.array(z.string()).describe('named groups, and primes as `dh 2048`'),
    chains: z
      .array(
        z.array(
          z.object({
            subject: z.string(),
            issuer: z.string(),
            names: z.array(z.string()),
            key: z.string(),
            signature: z.string(),
            from: z.string().describe('ISO 8601'),
            to: z.string().describe('ISO 8601'),
            fingerprint: z.string().describe('SHA-256, hex with colons'),
          }),
        ),
      )
      .describe('in the order in which they were served'),
    connections: z.int(),
    seconds,
  })
  .meta({ id: 'audit' });

const grade = z
  .object({
    grade: z.enum(GRADES),
    cap: z.enum(SEVERITIES).describe('the severity of the worst findings, which cap the grade; `ok`: nothing does'),
    next: z.enum(GRADES).nullable().describe('the grade without these findings; null for the best'),
    steps: z
      .array(
        z.object({
          profile: z.enum(PROFILES).nullable().describe('the profile whose apply does it; null: by hand'),
          checks: z.array(z.string()),
        }),
      )
      .describe('what leads to the next grade'),
  })
  .meta({ id: 'grade' });

/** Fields of every host, independent of its ending. */
const common = {
  host: z.string().describe('the name as given'),
  exit: exit.describe("this host's exit code; 2 for `pending` only with --detailed-exitcode"),
  seconds: seconds.describe('how long it took'),
  facts: facts.nullable().describe('null if the host was not read'),
  plan: plan.nullable().describe('null if there is none'),
  findings: z.array(finding).describe('results of the checks from outside'),
  onlyThroughSsh: z
    .array(z.int().min(1).max(65535))
    .optional()
    .describe('the ports that answered the host itself, and not this machine; absent if there is none'),
  audit: z.array(audit).optional().describe('results of the audit for each port; only with `--audit`'),
  grade: grade.optional().describe('only with `--audit`'),
};

/** A host with any ending; fields of the ending are kept, and its view parses them. */
const anyHost = z.looseObject({ outcome: z.custom<Kind>((value) => typeof value === 'string'), ...common });

function hostSchema(views: Views) {
  const [first, ...rest] = [...views.values()].map(({ kind, schema }) =>
    z.object({ outcome: z.literal(kind).describe('how it ended'), ...common, ...schema(z).shape }),
  );
  if (!first) throw new Error('no ending to describe');
  return z.discriminatedUnion('outcome', [first, ...rest]).pipe(anyHost);
}

/** @param commands that can produce a document */
export function documentSchema(commands: readonly string[], views: Views) {
  return z.object({
    version: z.literal(1),
    command: z.enum(commands),
    tool: z.string().optional().describe('the version of harden-mail'),
    started: z
      .string()
      .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      .optional()
      .describe('when, UTC'),
    seconds: seconds.optional().describe('how long the whole run took'),
    dryRun: z.boolean().optional().describe('the run was not to write anything'),
    exit: exit.describe('the exit code of the whole run'),
    error: failureSchema(z)
      .optional()
      .describe('why the run ended before work on the hosts began; then `hosts` is empty'),
    hosts: z.array(hostSchema(views)).describe('in the order of the inventory'),
  });
}

export type Document = Frozen<z.infer<ReturnType<typeof documentSchema>>>;
export type DocumentHost = Document['hosts'][number];

/** As JSON Schema, for other programs. It allows unknown fields, because new ones may be added. */
export function documentJsonSchema(commands: readonly string[], views: Views): Record<string, unknown> {
  const schema = z.toJSONSchema(documentSchema(commands, views), { io: 'input' });
  return { ...schema, title: 'The output of `harden-mail … --json`' };
}

/** A parsed document, or the error and its position. */
export function readDocument(
  value: unknown,
  commands: readonly string[],
  views: Views,
): Document | { readonly wrong: string } {
  const { data, error } = documentSchema(commands, views).safeParse(value);
  if (data) return data;
  const [issue] = error.issues;
  return { wrong: `${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'not the expected value'}` };
}
