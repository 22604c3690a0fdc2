/** The endings that several commands share. */
import type { ChalkInstance } from 'chalk';
import { CONVERSION, isEmpty, RECEIPT_STATES, type Receipt } from '../model/index.ts';
import { key, section, table } from './cells.ts';
import { clientRows } from './client-lines.ts';
import { clientsSchema } from './client-schema.ts';
import { count } from './count.ts';
import { endingView, type EndingView, type Zod } from './ending-view.ts';
import { escape } from './escape.ts';
import { passed } from './findings.ts';
import { html, type Markup } from './markup.ts';
import { daemons, planTotal, warnings } from './plan-lines.ts';
import { failureSchema } from './schema-parts.ts';

const noFields = () => ({});
const noSchema = (z: Zod) => z.object({});

const unchanged = endingView({
  kind: 'unchanged',
  total: 'ok',
  lines: ({ host, plan, findings }, chalk) => [
    ...warnings(plan, chalk),
    `${chalk.bold(escape(host))}  ${chalk.green('ok')}: nothing to do, ${passed(findings)}`,
  ],
  schema: noSchema,
  fields: noFields,
});

const pending = endingView({
  kind: 'pending',
  total: 'to be changed',
  lines: ({ host, plan }, chalk) => [
    `${chalk.bold(escape(host))}  ${plan ? planTotal(plan) : ''} Nothing was written.`,
  ],
  schema: noSchema,
  fields: noFields,
});

const declined = endingView({
  kind: 'declined',
  total: 'declined',
  lines: ({ host }, chalk) => [`${chalk.bold(escape(host))}  ${chalk.yellow('declined')}: nothing was written`],
  schema: noSchema,
  fields: noFields,
});

/** Fields of a run that made a transaction. */
const receiptShape = (z: Zod) => ({
  transaction: z.string().optional().describe('its id on the host, for `history` and `rollback --to`'),
  state: z.enum(RECEIPT_STATES).optional().describe('how it ended there'),
  remarks: z
    .array(z.string())
    .optional()
    .describe('what could not be proved with users, and errors of the daemons that were no reason to undo the change'),
});

interface ReceiptFields {
  readonly transaction?: string | undefined;
  readonly state?: Receipt['state'] | undefined;
  readonly remarks?: readonly string[] | undefined;
}

function receiptFields(receipt: Receipt | undefined): ReceiptFields {
  if (!receipt) return {};
  const { id, state, notes } = receipt;
  return { transaction: id, state, ...(notes && { remarks: notes }) };
}

function receiptPage({ transaction: id, state, remarks = [] }: ReceiptFields): Markup[] {
  const notes = remarks.map((text) => html`<p class="soft">${text}</p>`);
  return id === undefined ? [] : [html`<p class="soft">Transaction <code>${id}</code>, ${state ?? ''}</p>`, ...notes];
}

/** The host's notes during the transaction. */
function receiptNotes(receipt: Receipt | undefined, chalk: ChalkInstance): string[] {
  return (receipt?.notes ?? []).map((text) => `  ${chalk.dim('·')} ${escape(text)}`);
}

const changed = endingView({
  kind: 'changed',
  total: 'changed',
  lines: ({ host, plan, findings, ending: { receipt } }, chalk) => {
    const { settings = [], changes = [], activations = [] } = plan ?? {};
    const counts = [count(settings.length, 'setting'), count(changes.length, 'file')].filter(Boolean);
    const what = counts.join(' in ') || daemons(activations).join('; ') || 'the missing parts are installed';
    const way = settings.some(({ fragment }) => fragment === CONVERSION)
      ? 'no rollback: Dovecot 2.4 does not start with the old files'
      : '`harden-mail rollback` undoes it';
    const undo = receipt ? ` (transaction ${escape(receipt.id)}, ${way})` : '';
    return [
      ...receiptNotes(receipt, chalk),
      `${chalk.bold(escape(host))}  ${chalk.yellow('changed')}: ${what}${undo}, ${passed(findings)}`,
    ];
  },
  schema: (z) =>
    z.object({
      ...receiptShape(z),
      clients: clientsSchema(z).optional(),
    }),
  fields: ({ receipt, after }) => ({ ...receiptFields(receipt), ...(after?.clients && { clients: after.clients }) }),
  page: ({ clients, ...receipt }) => [
    ...receiptPage(receipt),
    ...section(
      'Mail clients',
      clients ? table(clientRows(clients).map(([label, text]) => [key(label), html`<td>${text}</td>`])) : [],
    ),
  ],
});

const failed = endingView({
  kind: 'failed',
  total: 'failed',
  lines: ({ host, plan, ending: { message, hint, excerpt = '', receipt } }, chalk) => [
    // A plan with changes was shown, with its notes.
    ...(plan && isEmpty(plan) ? warnings(plan, chalk) : []),
    ...receiptNotes(receipt, chalk),
    `${chalk.bold(escape(host))}  ${chalk.red('failed')}: ${escape(message)}`,
    ...excerpt
      .split('\n')
      .filter(Boolean)
      .map((line) => `    ${escape(line)}`),
    `  ${chalk.dim('→')} ${escape(hint)}`,
  ],
  schema: (z) => z.object({ ...receiptShape(z), error: failureSchema(z) }),
  fields: ({ receipt, code, message, hint, excerpt }) => ({
    error: { code, message, hint, excerpt },
    ...receiptFields(receipt),
  }),
  page: ({ error, ...receipt }) => [failurePage(error), ...receiptPage(receipt)],
});

function failurePage({
  code,
  message,
  hint,
  excerpt,
}: Readonly<Record<'code' | 'message' | 'hint', string>> & { excerpt?: string | undefined }): Markup {
  // oxfmt-ignore
  const place = excerpt === undefined ? '' : html`<pre class="plain" tabindex="0">${excerpt}</pre>`;
  return html`<div class="error">
    <p>${message}</p>
    ${place}
    <p class="soft">${hint} <code>${code}</code></p>
  </div>`;
}

/** The endings of apply and rollback. */
export const CHANGE_ENDINGS: readonly EndingView[] = [unchanged, pending, declined, changed, failed];

/** The ending that every command can have. */
export const FAILED: EndingView = failed;
