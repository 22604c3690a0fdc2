/** What unfolds below a host's row. */
import { key, mono, section, sign, table } from './cells.ts';
import { WAY } from './findings.ts';
import { mapInside } from './map-page.ts';
import { html, type Markup } from './markup.ts';
import type { DocumentHost } from './schema.ts';

type Plan = NonNullable<DocumentHost['plan']>;

export function hostInside(host: DocumentHost): Markup[] {
  const parts = [
    ...ofOutcome(host),
    ...(host.plan ? ofPlan(host.plan, host.outcome === 'changed' ? 'Changed files' : 'Files that would change') : []),
    ...section('Seen from outside', findings(host)),
  ];
  return parts.length > 0 ? parts : [html`<p class="soft">Nothing more to tell.</p>`];
}

/** What a host has because of how it ended. */
function ofOutcome(host: DocumentHost): Markup[] {
  switch (host.outcome) {
    case 'failed':
      return [failure(host), ...transaction(host)];
    case 'changed':
      return transaction(host);
    case 'checked':
      return [
        ...section(
          'Since when',
          table(host.drift.files.map((file) => [mono(file.path), html`<td>${since(file)}</td>`])),
        ),
        ...section('Waits for a merge', table(host.drift.leftovers.map((path) => [mono(path)]))),
      ];
    case 'foreseen':
      return [html`<p>After the upgrade to ${host.release}:</p>`];
    case 'examined':
      return section(
        'Step by step',
        table(
          host.diagnoses.map(({ check, status, text, hint, seconds }) => [
            sign(status),
            key(check),
            html`<td>${text}${hint === '' ? '' : html`<p class="soft">${hint}</p>`}</td>`,
            html`<td class="number soft">${seconds.toFixed(2)} s</td>`,
          ]),
        ),
      );
    case 'dns':
      return [html`<pre class="plain">${host.records.join('\n')}</pre>`];
    case 'history':
      return section(
        'Transactions',
        table(
          host.history.map(({ id, who, state, reason, files }) => [
            mono(id),
            html`<td>${who}</td>`,
            html`<td>
              ${state}${reason === '' ? '' : `: ${reason}`}
              <p class="soft">${files.join(', ')}</p>
            </td>`,
          ]),
        ),
      );
    case 'mapped':
      return mapInside(host.map);
    case 'unchanged':
    case 'pending':
    case 'declined':
    case 'verified':
      return [];
  }
}

function failure({ error: { code, message, hint, excerpt } }: DocumentHost & { outcome: 'failed' }): Markup {
  const place = excerpt === undefined ? '' : html`<pre class="plain">${excerpt}</pre>`;
  return html`<div class="error">
    <p>${message}</p>
    ${place}
    <p class="soft">${hint} <code>${code}</code></p>
  </div>`;
}

function transaction({ transaction: id, state }: DocumentHost & { outcome: 'failed' | 'changed' }): Markup[] {
  return id === undefined ? [] : [html`<p class="soft">Transaction <code>${id}</code>, ${state ?? ''}</p>`];
}

function since({ transaction: id, edited }: { readonly transaction: string | null; readonly edited: boolean }): string {
  if (id === null) return 'no transaction of the journal wrote it';
  return edited ? `changed since transaction ${id}` : `as transaction ${id} left it: more is wanted now`;
}

function ofPlan({ tasks, files, notes, effects, activations }: Plan, title: string): Markup[] {
  return [
    ...section(
      'Tasks',
      table(tasks.map(({ name, state, summary }) => [sign(state), key(name), html`<td>${summary}</td>`])),
    ),
    ...section('Notes', table(notes.map(({ level, text }) => [sign(level), html`<td>${text}</td>`]))),
    ...section(
      'Who may do more, and who less',
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
