import type { HostResult } from '../model/index.ts';
import { escape } from './escape.ts';
import { findingIds } from './finding-ids.ts';

const HEAD = ['host', 'id', 'port', 'check', 'status', 'severity', 'text', 'profile', 'settings', 'source', 'via'];

/** Every finding as a row (RFC 4180), for a spreadsheet or a ticket system. */
export function findingsCsv(results: readonly HostResult[]): string {
  const rows = results.flatMap(({ host, findings }) => {
    const ids = findingIds(findings);
    return findings.map(({ port, check, status, text, weight, via }, at) => [
      host,
      ids[at] ?? '',
      String(port),
      check,
      status,
      weight?.severity ?? '',
      text,
      weight?.profile ?? '',
      (weight?.settings ?? []).join(' '),
      weight?.source ?? '',
      via,
    ]);
  });
  return [HEAD, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** A spreadsheet would run text that begins like a formula, so it gets an apostrophe. */
function cell(value: string): string {
  const text = escape(value).replace(/^[=+\-@]/, "'$&");
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
