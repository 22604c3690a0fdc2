/** A rehearsal in text and in the JSON document. */
import type { ChalkInstance } from 'chalk';
import { ACT_NAMES, type Act, type KeptCopy, type Rehearsal } from '../model/index.ts';
import type { Frozen, Zod } from './ending-view.ts';
import { escape } from './escape.ts';

export function rehearsalLines(host: string, rehearsal: Rehearsal, chalk: ChalkInstance): string[] {
  const { good, verdict, acts, differences, unrehearsed, kept, on } = rehearsal;
  const name = chalk.bold(escape(host));
  const width = Math.max(0, ...acts.map((act) => act.name.length));
  return [
    ...acts.flatMap((act) => actLines(act, width, chalk)),
    ...listed('The copy differs from the host', differences, chalk),
    ...listed('Not rehearsed', unrehearsed, chalk),
    ...(kept ? keptLines(kept, chalk) : []),
    `${name}  ${good ? chalk.green('good') : chalk.red('bad')}: ${escape(verdict)}. ${on === undefined ? '' : `Played on ${escape(on)}. `}Nothing was written on the host.`,
  ];
}

/** It runs the host's configuration as root. */
function keptLines({ login, remove }: Frozen<KeptCopy>, chalk: ChalkInstance): string[] {
  return [
    `  ${chalk.yellow('!')} The copy is kept and runs: it has the host's configuration, and its root reaches this machine. To log in:`,
    `      ${escape(login)}`,
    `    To remove it: Ctrl-C here, or ${escape(remove)}`,
  ];
}

function actLines(act: Frozen<Act>, width: number, chalk: ChalkInstance): string[] {
  const { name, seconds, faults, notes, outages } = act;
  const mark = faults.length === 0 ? chalk.green('✔') : chalk.red('✖');
  const out = outages.length > 0 ? `  ${outageText(outages)}` : '';
  return [
    `  ${mark} ${name.padEnd(width)}  ${seconds.toFixed(1)} s${out}`,
    ...faults.map((text) => `      ${chalk.red('✖')} ${escape(text)}`),
    ...notes.map((text) => `      ${chalk.dim('·')} ${escape(text)}`),
  ];
}

/** Ports that were out for the same time are named together. */
export function outageText(outages: Frozen<Act['outages']>): string {
  const times = [...new Set(outages.map(({ seconds }) => seconds))].sort((a, b) => b - a);
  const ports = (time: number) => outages.filter(({ seconds }) => seconds === time).map(({ port }) => port);
  return `out: ${times.map((time) => `${ports(time).join(', ')} for ${time} s`).join('; ')}`;
}

function listed(title: string, texts: readonly string[], chalk: ChalkInstance): string[] {
  return texts.length === 0 ? [] : [`  ${title}:`, ...texts.map((text) => `    ${chalk.dim('·')} ${escape(text)}`)];
}

export const rehearsalSchema = (z: Zod) =>
  z.object({
    good: z.boolean(),
    verdict: z.string().describe('one sentence'),
    release: z.string().describe("codename of the copy's release"),
    upgradeTo: z.string().optional(),
    nearest: z
      .object({ host: z.string(), copy: z.string(), goal: z.string().optional().describe('where the upgrade leads') })
      .optional()
      .describe('of an Ubuntu host: its release, and the release of Debian that its copy is'),
    acts: z
      .array(
        z.object({
          name: z.enum(ACT_NAMES),
          seconds: z.number(),
          faults: z.array(z.string()).describe('why it is bad; empty: it is good'),
          notes: z.array(z.string()),
          outages: z
            .array(z.object({ port: z.number(), seconds: z.number() }))
            .describe('ports that did not answer, measured five times a second'),
          files: z
            .array(
              z.object({
                path: z.string(),
                mode: z.string().nullable().describe('null: the file is gone'),
                owner: z.string().nullable().describe('`user:group`'),
                diff: z.string().describe('unified, secrets replaced; empty where only mode or owner changed'),
              }),
            )
            .describe('files of Postfix, Dovecot and harden-mail that changed during this act'),
        }),
      )
      .describe('the timeline'),
    sameDiff: z
      .boolean()
      .nullable()
      .describe('the plan for the copy makes the same changes as the plan for the host; null: one of them is missing'),
    differences: z.array(z.string()).describe('how the copy differs from the host'),
    unrehearsed: z.array(z.string()).describe('what the copy cannot prove'),
    on: z.string().optional().describe('with --on: the machine on which it was played'),
    kept: z
      .object({ login: z.string(), remove: z.string() })
      .optional()
      .describe('with --keep: the command lines that log in on the copy, and remove it'),
  });
