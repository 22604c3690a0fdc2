/** `harden-mail history`: the host's journal. Nothing is written. */
import { readHistory } from '../../commit/read-history.ts';
import { redact } from '../../formats/redact.ts';
import { readOnly } from '../../remote/readonly.ts';
import { connected, readHostPolicy } from '../reading.ts';
import { each } from '../stages.ts';
import type { Flow, Step } from '../step.ts';
import { finish, type Begun } from '../visit.ts';
import type { Transaction } from '../../model/index.ts';
import { key, section, table } from '../../report/cells.ts';
import { count } from '../../report/count.ts';
import { endingView, type Zod } from '../../report/ending-view.ts';
import { FAILED } from '../../report/shared-endings.ts';
import { escape } from '../../report/escape.ts';
import { transactionLines } from '../../report/transaction-lines.ts';
import { html } from '../../report/markup.ts';
import { diffLines } from '../../report/plan-lines.ts';

export const flow: Flow = (hosts, options, io) => each(hosts, readJournal, options, io);

const readJournal: Step<Begun, Begun> = async (from, options, say) => {
  const found = await readHostPolicy(await connected(from, options, say), options, say);
  const transactions = await readHistory(readOnly(found.remote));
  const masked = transactions.map((one) => ({ ...one, reason: redact(one.reason) }));
  return finish(found, { kind: 'history', transactions: masked });
};

declare module '../../model/result.ts' {
  interface CommandEndings {
    /** Newest first. */
    readonly history: { readonly transactions: readonly Transaction[] };
  }
}

const ending = endingView({
  kind: 'history',
  total: 'read',
  async above({ ending: { transactions } }, chalk, diffsOf) {
    const lines: string[] = [];
    for (const transaction of transactions) {
      lines.push(...transactionLines(transaction, chalk));
      lines.push(...(await diffsOf(transaction.changes)).map((diff) => diffLines(diff, chalk)));
    }
    return lines;
  },
  lines: ({ host, ending: { transactions } }, chalk) => [
    `${chalk.bold(escape(host))}  ${count(transactions.length, 'transaction') || 'no transaction yet'}`,
  ],
  schema: (z) => z.object({ history: z.array(transactionSchema(z)).describe('newest first') }),
  fields: ({ transactions }) => ({
    history: transactions.map(({ changes, ...one }) => ({ ...one, files: changes.map(({ path }) => path) })),
  }),
  page: ({ history }) =>
    section(
      'Transactions',
      table(
        history.map(({ id, who, state, reason, files }) => [
          html`<td class="key mono">${id}</td>`,
          key(who),
          html`<td>
            ${state}${reason === '' ? '' : `: ${reason}`}
            <p class="soft">${files.join(', ')}</p>
          </td>`,
        ]),
      ),
    ),
});

const transactionSchema = (z: Zod) =>
  z.object({
    id: z.string(),
    who: z.string(),
    state: z
      .string()
      .describe('the last state; a transaction in a state other than `committed` and `rolled-back` did not finish'),
    reason: z.string().describe('why the change did not stay; empty if it did'),
    files: z.array(z.string()),
    installed: z.array(z.string()).optional().describe('packages that the run installed before the transaction'),
    removed: z.array(z.string()).optional().describe('packages that apt removed to install these'),
  });

export const endings = [ending, FAILED];
