/** The unfolded part below a host's row. */
import { key, section, sign, table } from './cells.ts';
import { WAY } from './findings.ts';
import { html, type Markup } from './markup.ts';
import type { DocumentHost } from './document-schema.ts';

type Plan = NonNullable<DocumentHost['plan']>;

/** @param own content from the view of the host's ending */
export function hostInside(host: DocumentHost, own: readonly Markup[]): Markup[] {
  const parts = [
    ...own,
    ...(host.plan ? ofPlan(host.plan, host.outcome === 'changed' ? 'Changed files' : 'Files that would change') : []),
    ...section('Seen from outside', findings(host)),
  ];
  return parts.length > 0 ? parts : [html`<p class="soft">No further information.</p>`];
}

function ofPlan({ tasks, files, notes, effects, activations }: Plan, title: string): Markup[] {
  return [
    ...section(
      'Tasks',
      table(tasks.map(({ name, state, summary }) => [sign(state), key(name), html`<td>${summary}</td>`])),
    ),
    ...section('Notes', table(notes.map(({ level, text }) => [sign(level), html`<td>${text}</td>`]))),
    ...section(
      'Clients that may do more, or less',
      table(effects.map(({ kind, text }) => [key(kind === 'opens' ? 'opens' : 'stricter'), html`<td>${text}</td>`])),
    ),
    ...section(
      title,
      files.map(({ path, diff: text }) => diff(path, text)),
    ),
    ...section(
      'Daemons',
      table(activations.map(({ unit, how, why }) => [key(`${how} ${unit}`), html`<td>${why}</td>`])),
    ),
  ];
}

const SEVERITY = ['fail', 'warn', 'hint', 'pass'];

function findings({ findings: all }: DocumentHost): Markup[] {
  return table(
    all
      .toSorted((a, b) => SEVERITY.indexOf(a.status) - SEVERITY.indexOf(b.status))
      .map(({ port, check, status, text, via, journal = [] }) => [
        sign(status),
        html`<td class="number">${port}</td>`,
        key(check),
        html`<td>
          ${text}${WAY[via] === '' ? '' : html` <span class="soft">(${WAY[via]})</span>`}
          ${journal.map((words) => html`<p class="soft">log: ${words}</p>`)}
        </td>`,
      ]),
  );
}

function diff(path: string, text: string): Markup {
  const lines = text
    .trimEnd()
    .split('\n')
    .filter((line) => !/^(---|\+\+\+) /.test(line));
  const counted = (char: string): number => lines.filter((line) => line.startsWith(char)).length;
  return html`<details class="diff" open>
    <summary>
      ${path}<span class="count"
        ><span class="good">+${counted('+')}</span> <span class="bad">&minus;${counted('-')}</span></span
      >
    </summary>
    <pre>${lines.map(diffLine)}</pre>
  </details>`;
}

function diffLine(line: string): Markup {
  const look = { '+': 'plus', '-': 'minus', '@': 'at' }[line[0] ?? ''] ?? '';
  return html`<span class="${look}">${line === '' ? ' ' : line}</span>`;
}
