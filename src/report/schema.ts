/**
 * The document of `--json`: docs/json.schema.json and the table of docs/json.md are made from this, the compiler holds
 * src/report/json.ts to it, and `report` reads by it. A new field may come at any time; `version` changes when one is taken
 * away or gets another meaning.
 */
import { z } from 'zod';
import { CLIENT_CLASSES, DESTINATIONS, PROFILES, TASKS, TLS_LEVELS, VERDICTS } from '../model.ts';

const exit = z.int().min(0).max(255);
const seconds = z.number().min(0);
const owner = z.string().describe('`user:group`');
const mode = z.string().regex(/^[0-7]{4}$/);

const failure = z
  .object({
    code: z.string().describe('what kind of failure, see exit-codes.md; `BUG` for one of ours'),
    message: z.string(),
    hint: z.string().describe('what to do about it'),
    excerpt: z.string().optional().describe('the place in a file, where one can be shown'),
  })
  .meta({ id: 'failure', description: 'what went wrong' });

const facts = z
  .object({
    os: z.string(),
    postfix: z.string().nullable().describe('version, installed or else what apt would install'),
    dovecot: z.string().nullable(),
    hostname: z.string().describe('the name its Postfix answers with'),
  })
  .meta({ id: 'facts' });

const action = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('install'), packages: z.array(z.string()) }),
  z.object({
    kind: z.literal('certificate'),
    name: z.string(),
    domain: z.string(),
    domains: z.array(z.string()),
    challenge: z.enum(['standalone', 'webroot']),
    webroot: z.string().optional(),
    preHook: z.string().optional(),
    postHook: z.string().optional(),
    keyType: z.string().optional(),
    email: z.string().optional(),
    acmeServer: z.string().optional(),
  }),
]);

const plan = z
  .object({
    tasks: z
      .array(
        z.object({ name: z.enum(TASKS), state: z.enum(['ok', 'change', 'unknown', 'skipped']), summary: z.string() }),
      )
      .describe('each task with its state'),
    actions: z.array(action).describe('what must come before the settings: packages, a certificate'),
    settings: z
      .array(
        z.object({
          task: z.enum(TASKS),
          fragment: z.string().describe('what `explain` knows it as'),
          setting: z.string(),
          file: z.string(),
          before: z.string().nullable().describe('null where it was not set'),
          after: z.string().nullable().describe('null where it is taken away'),
        }),
      )
      .describe('each setting that is not as it should be'),
    files: z
      .array(z.object({ path: z.string(), mode, owner, diff: z.string().describe('unified, secrets masked') }))
      .describe('each file that changes'),
    activations: z
      .array(
        z.object({
          unit: z.enum(['dpkg', 'systemd', 'harden-mail-certificate.path', 'postfix', 'dovecot']),
          how: z.enum(['configure', 'reload', 'restart', 'start', 'stop']),
          why: z.string(),
        }),
      )
      .describe('what takes the changes up'),
    notes: z
      .array(z.object({ task: z.enum(TASKS), level: z.enum(['info', 'warning']), text: z.string() }))
      .describe('what to know beside the changes'),
    effects: z
      .array(
        z.object({
          kind: z.enum(['opens', 'tightens']),
          id: z.string().describe('which of the intended effects (docs/exposure.md), or what became stricter'),
          text: z.string(),
        }),
      )
      .describe('who may do more once it is carried out, and who less'),
  })
  .meta({ id: 'plan' });

const finding = z
  .object({
    port: z.int().min(1).max(65535),
    check: z.string(),
    name: z.string().optional().describe("the name that was asked for, where it is not the mail domain's (SNI)"),
    status: z.enum(['pass', 'fail', 'warn', 'hint']).describe('`hint`: it could not be seen from here'),
    text: z.string(),
    via: z
      .enum(['direct', 'ssh', 'local'])
      .describe('`ssh`: through the host; `local`: by the host itself, which does not prove that others reach it'),
    weight: z
      .object({
        severity: z.enum(['ok', 'info', 'low', 'medium', 'high']),
        source: z.string().describe('the document that says so'),
        profile: z.enum(PROFILES).nullable().describe('whose apply mends it; null where none does'),
        settings: z.array(z.string()).describe('settings to look at'),
      })
      .optional()
      .describe('what an audit says beside it'),
  })
  .meta({ id: 'finding' });

const audit = z
  .object({
    port: z.int().min(1).max(65535),
    protocol: z.enum(['smtp', 'imap', 'pop3']),
    answers: z.boolean(),
    why: z.string().describe('why not all could be asked; empty where it could'),
    greeting: z.string(),
    capabilities: z
      .object({ clear: z.array(z.string()), inside: z.array(z.string()) })
      .describe("in the server's words"),
    versions: z
      .array(
        z.object({
          version: z.string(),
          suites: z.array(z.string()).describe("IANA's names, in the order in which the server chose them"),
          order: z.enum(['server', 'client']).nullable().describe('whose order counts; null where it cannot be told'),
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
      .describe('as they were served'),
    connections: z.int(),
    seconds,
  })
  .meta({ id: 'audit' });

const diagnosis = z.object({
  check: z.string(),
  status: z.enum(['ok', 'warn', 'fail']).describe('`warn`: a danger that keeps no apply from its work'),
  text: z.string(),
  hint: z.string().describe('how to mend it; empty when it is well'),
  exit: exit.describe('what an apply would end with'),
  seconds,
});

const drift = z.object({
  files: z
    .array(
      z.object({
        path: z.string(),
        transaction: z.string().nullable().describe('the last one that wrote it; null where the journal has none'),
        edited: z.boolean().describe('since then, by somebody else'),
      }),
    )
    .describe('each file that would change'),
  leftovers: z.array(z.string()).describe('paths of dpkg and ucf that wait for a merge'),
});

const place = {
  file: z.string(),
  line: z.int().min(0),
};

const wayIn = z.object({
  id: z.string().describe('entry of master.cf, or service and listener of Dovecot'),
  daemon: z.enum(['postfix', 'dovecot']),
  program: z.string().describe('what answers'),
  behind: z.string().describe('`postscreen` where that stands in front; else empty'),
  addresses: z.array(z.string()).describe('`*` is every address'),
  port: z.int().min(1).max(65535).nullable().describe('null where the name of the port is not known'),
  ...place,
  tls: z
    .enum(TLS_LEVELS)
    .describe('`optional`: STARTTLS is offered; `required`: nothing is accepted before it; `implicit`: TLS first'),
  auth: z
    .object({
      offered: z.enum(['never', 'inside-tls', 'always']),
      exceptions: z.string().describe('networks to which it is not offered'),
      type: z.string().describe('`dovecot` or `cyrus`'),
      path: z.string().describe('socket or service of the backend; of Dovecot its user databases'),
      mechanisms: z.array(z.string()).describe('empty where another program decides'),
    })
    .describe('where clients may log in, and who decides about their password'),
  proxy: z.string().describe('`haproxy` where a proxy must be in front; else empty'),
  filters: z.array(z.string()).describe('filters that mail passes, with their setting'),
  certificates: z.array(z.string()).describe('paths, with their setting'),
  decisions: z
    .array(
      z.object({
        client: z.enum(CLIENT_CLASSES),
        destination: z.enum(DESTINATIONS).describe('`local`: a recipient of this host; `relay`: somebody elsewhere'),
        verdict: z
          .enum(VERDICTS)
          .describe(
            '`accepted`: unless a check refuses; `checked`: refused unless a check permits; `no-login`: the class needs a login, and none is offered',
          ),
        checks: z.array(z.string()).describe('asked before the verdict, in order'),
        why: z.string().describe('what decides; of `unknown` what is not understood'),
      }),
    )
    .describe('empty for a way in that takes no mail'),
});

const map = z
  .object({
    ways: z.array(wayIn).describe('every listener that clients reach'),
    sockets: z
      .array(
        z.object({
          path: z.string(),
          kind: z.enum(['unix', 'inet']),
          mode: z.string().describe('octal, four digits; empty for `inet`'),
          user: z.string(),
          group: z.string(),
          ...place,
        }),
      )
      .describe('sockets that say whether a password is right'),
    out: z
      .array(
        z.object({
          id: z.string(),
          program: z.string(),
          tls: z.string().describe("Postfix's word: `none`, `may`, `dane`, `encrypt`, …"),
          ...place,
        }),
      )
      .describe('services that hand mail on to other hosts'),
    networks: z.string().describe('mynetworks of main.cf; empty where it is not set'),
    dangers: z
      .array(
        z.object({
          id: z.string().describe('`any-sender` is information only'),
          text: z.string(),
          ...place,
          hint: z.string().describe('what to do about it'),
        }),
      )
      .describe('what is dangerous as it stands'),
  })
  .meta({ id: 'map' });

const transaction = z.object({
  id: z.string(),
  who: z.string(),
  state: z.string().describe('its last word; any but `committed` and `rolled-back` did not come to its end'),
  reason: z.string().describe('why it did not stay; empty when it did'),
  files: z.array(z.string()),
});

/** What each host has, however it ended. */
const common = {
  host: z.string().describe('the name as it was given'),
  exit: exit.describe("this host's exit code; 2 for `pending` only with --detailed-exitcode"),
  seconds: seconds.describe('how long it took'),
  facts: facts.nullable().describe('null when it was not read'),
  plan: plan.nullable().describe('null when none was made'),
  findings: z.array(finding).describe('what was seen from outside'),
  audit: z.array(audit).optional().describe('what was tried on each port, and came about; only with `--audit`'),
};

/** Where there was a transaction. */
const receipt = {
  transaction: z.string().optional().describe('its name on the host, for `history` and `rollback --to`'),
  state: z.enum(['committed', 'rolled-back', 'refused', 'broken']).optional().describe('how it ended there'),
  remarks: z
    .array(z.string())
    .optional()
    .describe('what could not be proved with users, and errors of the daemons that were no reason to put back'),
};

const host = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z
      .literal(['unchanged', 'pending', 'declined', 'verified'])
      .describe('how it ended: `pending` is a dry run with something to do, `declined` a no to the question'),
    ...common,
  }),
  z.object({ outcome: z.literal('changed'), ...common, ...receipt }),
  z.object({ outcome: z.literal('failed'), ...common, ...receipt, error: failure }),
  z.object({ outcome: z.literal('checked'), ...common, drift: drift.describe('how it came to differ') }),
  z.object({ outcome: z.literal('foreseen'), ...common, release: z.string().describe('the release looked ahead to') }),
  z.object({ outcome: z.literal('examined'), ...common, diagnoses: z.array(diagnosis).describe('each look') }),
  z.object({ outcome: z.literal('mapped'), ...common, map: map.describe('who can do what through which way in') }),
  z.object({ outcome: z.literal('dns'), ...common, records: z.array(z.string()).describe('lines of a zone file') }),
  z.object({ outcome: z.literal('history'), ...common, history: z.array(transaction).describe('newest first') }),
]);

export const documentSchema = z.object({
  version: z.literal(1),
  command: z.enum(['apply', 'check', 'verify', 'dns', 'history', 'rollback', 'doctor', 'map']),
  tool: z.string().optional().describe('the version of harden-mail'),
  started: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    .optional()
    .describe('when, UTC'),
  seconds: seconds.optional().describe('how long the whole run took'),
  dryRun: z.boolean().optional().describe('nothing was to be written'),
  exit: exit.describe('the exit code of the whole run'),
  error: failure.optional().describe('why the run ended before its hosts were worked on; then `hosts` is empty'),
  hosts: z.array(host).describe('in the order of the inventory'),
});

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

export type Document = Frozen<z.infer<typeof documentSchema>>;
export type DocumentHost = Document['hosts'][number];

/** As JSON Schema, for others. It allows fields that it does not name, because new ones may come. */
export function documentJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(documentSchema, { io: 'input' }), title: 'What `harden-mail … --json` prints' };
}

/** A parsed document, or what is wrong with it and where. */
export function readDocument(value: unknown): Document | { readonly wrong: string } {
  const { data, error } = documentSchema.safeParse(value);
  if (data) return data;
  const [issue] = error.issues;
  return { wrong: `${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'not what is expected'}` };
}
